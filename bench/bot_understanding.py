"""How long understanding one message takes with 2,000 staff and 120 windows.

python -m bench.bot_understanding [ROUNDS]
"""

import random
import sys
import time

from bots.language.directory import Directory, Point, build
from bots.language.meaning import Context
from bots.language.understand import understand

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文慧婷雪琳晨宇浩然子轩梓涵一诺思源"
UNITS = (
    "骨科",
    "儿科",
    "眼科",
    "口腔科",
    "皮肤科",
    "急诊科",
    "妇产科",
    "神经内科",
    "泌尿外科",
    "消化内科",
    "肾内科",
    "康复医学科",
)
MESSAGES = (
    "给张伟医生5星",
    "骨科李医生 4星",
    "3号收费窗口排队两个小时，态度还差，我要投诉",
    "谢谢急诊科的医生护士，真不容易",
    "停车怎么收费",
    "今天天气不错",
    "嗯那个我想给神经内科的刘洋医生打个五分啊他讲得特别清楚",
    "T-2611-0417处理到哪了",
)


def hospital(staff: int = 2000, windows: int = 120) -> Directory:
    chance = random.Random(1)
    people = [
        Point(
            place,
            "staff",
            f"S{place}",
            chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2)))),
            department=chance.choice(UNITS),
            title=chance.choice(("主治医师", "住院医师", "主管护师", "护士")),
        )
        for place in range(staff)
    ]
    kinds = ("挂号", "收费", "取药", "抽血")
    desks = [
        Point(staff + place, "window", f"W{place}", f"{place}号{kinds[place % 4]}窗口", category=kinds[place % 4])
        for place in range(1, windows + 1)
    ]
    return build([*people, *desks])


def main(rounds: int) -> None:
    began = time.perf_counter()
    directory = hospital()
    print(f"index of {len(directory.points)} points: {time.perf_counter() - began:.2f} s, once a directory version")
    for text in MESSAGES:
        understand(text, Context(), directory)
        began = time.perf_counter()
        for _ in range(rounds):
            understand(text, Context(), directory)
        print(f"{(time.perf_counter() - began) / rounds * 1000:6.2f} ms  {text}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
