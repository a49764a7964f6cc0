"""Goal G7: 1,000 posters as one PDF, against the obvious way (fpdf2 with a qrcode PNG on each page), in the same run.

python -m bench.posters [--number 1000] [--rounds 3] [--layout stand]   time, file size and memory, as ratios
python -m bench.posters --guesses 100000                               guessed and mutated codes: how many are accepted

Both print the same words in the same font at the same places. G7 names reportlab as the baseline; it is not a dependency of
this product and therefore not measured here.
"""

import argparse
import io
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime

from feedback_app.errors import Refused
from qr import codes
from qr.layouts import LAYOUTS, Poster, lines

KEY = b"k" * 32
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲鑫宇浩凯雪梅晨琳"
PLACES = ("主任医师·心血管内科", "副主任医师·骨科", "主治医师·儿科", "主管护师·急诊科", "收费员·门诊收费处·门诊楼 1 楼")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def posters(number: int) -> list[Poster]:
    """Made-up people, every code different."""
    return [_poster(one) for one in range(1, number + 1)]


def _poster(number: int) -> Poster:
    code = codes.make(number, KEY)
    return Poster(
        url=f"https://stars.hospital.cn/s/{code}",
        hospital="市第一人民医院",
        name=SURNAMES[number % len(SURNAMES)] + GIVEN[number * 7 % len(GIVEN)] + GIVEN[number * 13 % len(GIVEN)],
        place=PLACES[number % len(PLACES)],
        sentence="扫一扫，说说这次服务。医护人员看不到您是谁，好坏都算数。",
        code=codes.grouped(code),
        hint="扫不出来？打开 stars.hospital.cn/c，输入上面的编号",
        phone="投诉电话 0571-8888 0120",
    )


def ours(number: int, layout: str) -> bytes:
    from qr import sheets

    return sheets.pdf(posters(number), layout, title="posters", created=datetime(2026, 11, 20, tzinfo=UTC))


def obvious(number: int, layout: str) -> bytes:
    """What one writes first: a picture for each code, a cell for each line."""
    import pylopdf_fonts_zh_cn
    import qrcode
    from fpdf import FPDF

    form = LAYOUTS[layout]
    corners = list(form.corners())
    paper = FPDF(unit="mm", format=form.page)
    paper.set_auto_page_break(False)
    paper.add_font("Noto", fname=pylopdf_fonts_zh_cn.sans_path())
    for place, poster in enumerate(posters(number)):
        if place % form.per_page == 0:
            paper.add_page()
        left, top = corners[place % form.per_page]
        for line in lines(form, poster, lambda text: sum(1.0 if sign > "⺀" else 0.55 for sign in text)):
            paper.set_font("Noto", size=line.size * 72 / 25.4)
            paper.set_xy(left, top + line.y - 0.88 * line.size)
            paper.cell(form.card[0], line.size, line.text, align="C")
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=10, border=4)
        code.add_data(poster.url)
        code.make(fit=True)
        picture = io.BytesIO()
        code.make_image().save(picture)
        side = form.code_width * 37 / 29
        paper.image(picture, left + (form.card[0] - side) / 2, top + form.code_top - side * 4 / 37, side, side)
    return bytes(paper.output())


def child(way: str, number: int, layout: str) -> None:
    """One run in a process of its own, so that memory is its own; imports are counted."""
    document = {"ours": ours, "obvious": obvious}[way](number, layout)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": time.process_time(), "bytes": len(document), "peak": peak}))


def compare(number: int, rounds: int, layout: str) -> None:
    results: dict[str, list[dict[str, float]]] = {"ours": [], "obvious": []}
    for _ in range(rounds):
        for way, found in results.items():
            command = [sys.executable, "-m", "bench.posters", "--child", way]
            command += ["--number", str(number), "--layout", layout]
            found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    print(f"{number} posters, layout {layout}, median of {rounds} rounds, CPU with imports")
    median = {
        way: {name: statistics.median(one[name] for one in found) for name in found[0]}
        for way, found in results.items()
    }
    for way, found_here in median.items():
        print(
            f"  {way:8} {found_here['cpu']:6.2f} s  {found_here['bytes'] / 1e6:6.2f} MB  {found_here['peak']:5.0f} MB memory"
        )
    ratios = {name: median["ours"][name] / median["obvious"][name] for name in median["ours"]}
    print(f"  ratio    {ratios['cpu']:6.2f}    {ratios['bytes']:6.2f}     {ratios['peak']:5.2f}")
    print("  (baseline: fpdf2 + qrcode PNG; reportlab is not a dependency and not measured)")


def guess(number: int) -> None:
    """Half random codes, half genuine ones with one to three wrong letters."""
    chance = random.Random(number)
    genuine = [codes.make(one, KEY) for one in range(1, 2_001)]
    known = set(genuine)
    accepted = 0
    for attempt in range(number):
        letters = list(chance.choice(genuine) if attempt % 2 else "".join(chance.choices(ALPHABET, k=codes.LENGTH)))
        for place in chance.sample(range(codes.LENGTH), chance.randint(1, 3)) if attempt % 2 else ():
            letters[place] = chance.choice(ALPHABET)
        typed = "".join(letters)
        try:
            accepted += codes.read(typed, KEY) not in known
        except Refused:
            continue
    print(f"{number} guessed or mutated codes: {accepted} accepted")


def main() -> None:
    choose = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choose.add_argument("--number", type=int, default=1_000)
    choose.add_argument("--rounds", type=int, default=3)
    choose.add_argument("--layout", choices=list(LAYOUTS), default="stand")
    choose.add_argument("--guesses", type=int, default=0)
    choose.add_argument("--child", choices=["ours", "obvious"], help=argparse.SUPPRESS)
    told = choose.parse_args()
    if told.child:
        child(told.child, told.number, told.layout)
    elif told.guesses:
        guess(told.guesses)
    else:
        compare(told.number, told.rounds, told.layout)


if __name__ == "__main__":
    main()
