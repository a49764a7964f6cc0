"""The recount kit as one page that counts again by itself, opened from a file on any office computer."""

import base64
from functools import cache
from pathlib import Path

from feedback_app.domain.standing import quantiles

_FOLDER = Path(__file__).parent.parent / "presets" / "recount"


@cache
def _parts() -> tuple[str, str]:
    return (_FOLDER / "page.html").read_text("utf-8"), (_FOLDER / "recount.js").read_text("utf-8")


def page(kit: str) -> str:
    """One HTML file with the kit, the table of the normal distribution and the counting inside; it asks for nothing else."""
    html, script = _parts()
    table = ",".join(f"{one:.6f}" for one in quantiles())
    return (
        html.replace("/*SCRIPT*/", script)
        .replace("/*QUANTILES*/", table)
        .replace("<!--KIT-->", base64.b64encode(kit.encode()).decode())
    )
