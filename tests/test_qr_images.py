"""Pictures of codes: the same symbol that qrcode makes, read back by an independent decoder."""

import io
import string

import pytest
import qrcode
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from qrcode import util

from qr import codes, images
from tests import reading

KEY = b"k" * 32
ADDRESSES = [
    f"{base}/s/{codes.make(number, KEY)}"
    for number, base in enumerate(
        (
            "http://127.0.0.1:8000",
            "https://stars.hospital.cn",
            "https://a-rather-long-name.of-a-hospital.example.cn:8443",
        ),
        start=70_001,
    )
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_independent_decoder_reads_png_and_svg(address: str) -> None:
    assert reading.read_png(images.png(address)) == [address]
    assert reading.read_svg(images.svg(address)) == [address]


@given(st.text(string.ascii_letters + string.digits + ":/-._~?=&%#", min_size=1, max_size=90))
def test_any_address_comes_back(text: str) -> None:
    assert reading.read_png(images.png(text)) == [text]


@given(st.binary(min_size=1, max_size=120).map(lambda data: data.hex()))
def test_the_symbol_is_the_one_qrcode_makes_at_the_level_the_size_allows(text: str) -> None:
    symbol = images.matrix(text)
    version = (len(symbol) - 17) // 4
    made = []
    for level in (0, 3, 2):  # M, Q, H in qrcode's numbering
        code = qrcode.QRCode(version=None, error_correction=level, border=0)
        code.add_data(util.QRData(text.encode(), mode=4))
        code.make()
        if code.version == version:
            made.append(tuple("".join("1" if module else "0" for module in row) for row in code.get_matrix()))
    assert symbol == made[-1]


@given(st.integers(21, 45).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, 2 ** (size * size) - 1))))
def test_the_penalty_is_exactly_that_of_qrcode(symbol: tuple[int, int]) -> None:
    size, bits = symbol
    written = f"{bits:0{size * size}b}"
    modules: list[list[bool | None]] = [
        [sign == "1" for sign in written[start : start + size]] for start in range(0, size * size, size)
    ]
    assert images.penalty(bits, size) == util.lost_point(modules)


@given(st.lists(st.text("01", min_size=9, max_size=9), min_size=9, max_size=9).map(tuple))
def test_rectangles_cover_each_dark_module_once(symbol: tuple[str, ...]) -> None:
    covered = [(x + dx, y + dy) for x, y, w, h in images.rectangles(symbol) for dx in range(w) for dy in range(h)]
    dark = {(x, y) for y, row in enumerate(symbol) for x, module in enumerate(row) if module == "1"}
    assert len(covered) == len(set(covered))
    assert set(covered) == dark


def test_png_is_black_and_white_printable_and_small() -> None:
    data = images.png(ADDRESSES[0])
    picture = Image.open(io.BytesIO(data))
    dots_per_mm = picture.info["dpi"][0] / 25.4
    modules = len(images.matrix(ADDRESSES[0]))
    scale = picture.width // (modules + 8)
    quiet = 4 * scale
    assert picture.mode == "1"
    assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)
    assert modules * scale / dots_per_mm >= 40
    assert picture.crop((0, 0, picture.width, quiet)).getextrema() == (255, 255)
    assert picture.crop((0, 0, quiet, picture.height)).getextrema() == (255, 255)
    assert len(data) < 1_500
    assert len(images.svg(ADDRESSES[0])) < 4_000


def test_the_same_address_gives_the_same_bytes() -> None:
    assert images.png(ADDRESSES[1]) == images.png(ADDRESSES[1])
    assert images.svg(ADDRESSES[1]) == images.svg(ADDRESSES[1])
