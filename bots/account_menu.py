"""The menu of the official account: what stands on its buttons, and what they do."""

from collections.abc import Mapping
from typing import Any

from bots.events import OURS
from feedback_app import texts
from feedback_app.settings import Settings

Button = Mapping[str, Any]

# Three at the top, each with up to five below (a rule of the platform): click keys of ``bots.events.CLICKS``, or a page.
_TREE: Mapping[str, tuple[str, ...]] = {
    "rate_top": ("rate", "praise", "stars"),
    "complain_top": ("complain", "progress", "write", "human"),
    "mine_top": ("mine", "help"),
}
_PAGES = {"stars": "/stars", "write": "/feedback"}


def buttons(settings: Settings) -> list[Button]:
    """As ``menu/create`` takes it, in the first language of the hospital."""
    language = settings.hospital.languages[0]
    return [
        {
            "name": texts.text(f"wechat.menu.{top}", language),
            "sub_button": [_button(name, settings.server.base_url, language) for name in below],
        }
        for top, below in _TREE.items()
    ]


def _button(name: str, base_url: str, language: str) -> Button:
    label = texts.text(f"wechat.menu.{name}", language)
    if name in _PAGES:
        return {"type": "view", "name": label, "url": base_url + _PAGES[name]}
    return {"type": "click", "name": label, "key": OURS + name}
