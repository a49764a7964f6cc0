"""Taking in a complaint by message: which question comes next. Pure; the words are in ``bots.language.facts``.

The case is filed at the first words, so nothing here can lose it: the slots only enrich it. Each slot is asked at most
once, one question at a time, never more than :data:`MOST_QUESTIONS`; whatever is written to an open question closes it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

SLOTS = ("what", "where", "when", "wish", "contact")
"""In the order they are asked. Who it was is asked together with where."""
MOST_QUESTIONS = 5


@dataclass(frozen=True)
class Draft:
    """What has been told, passed over and asked so far. ``open`` is the slot asked about now; "" when nothing is."""

    told: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    open: str = ""

    def stored(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"told": [*self.told], "skipped": [*self.skipped], "asked": [*self.asked], "open": self.open}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> "Draft":
        """From :meth:`stored`; what is unknown is left out."""
        lists = {name: _known(kept.get(name) or ()) for name in ("told", "skipped", "asked")}
        open_slot = str(kept.get("open") or "")
        return cls(**lists, open=open_slot if open_slot in SLOTS else "")


def begun(told: Collection[str]) -> Draft:
    """The first words have been filed and told these slots; the first question is open."""
    return _asking(Draft(told=_known(told)))


def heard(draft: Draft, told: Collection[str]) -> Draft:
    """Words that tell these slots. Without any they are taken as the answer to the open question; an open question that
    something else was written to is passed over and not asked again."""
    answered = {*told} or ({draft.open} - {""})
    passed = () if draft.open in answered else _known([draft.open])
    kept = replace(draft, told=_joined(draft.told, answered), skipped=_joined(draft.skipped, passed), open="")
    return _asking(kept)


def corrected(draft: Draft, told: Collection[str]) -> Draft:
    """Something told before is put right: the open question stays, unless it is answered by it."""
    kept = replace(draft, told=_joined(draft.told, told))
    return _asking(replace(kept, open="")) if draft.open in kept.told else kept


def skipped(draft: Draft) -> Draft:
    """The open question is passed over."""
    return _asking(replace(draft, skipped=_joined(draft.skipped, _known([draft.open])), open=""))


def resumed(draft: Draft) -> Draft:
    """Taken up again later: the question that was open, or the next one."""
    return draft if draft.open else _asking(draft)


def ended(draft: Draft) -> Draft:
    """Nothing more is asked."""
    rest = [slot for slot in SLOTS if slot not in draft.told]
    return replace(draft, skipped=_joined(draft.skipped, rest), open="")


def _asking(draft: Draft) -> Draft:
    done = {*draft.told, *draft.skipped, *draft.asked}
    following = next((slot for slot in SLOTS if slot not in done), "")
    if not following or len(draft.asked) >= MOST_QUESTIONS:
        return draft
    return replace(draft, asked=(*draft.asked, following), open=following)


def _known(slots: Collection[str]) -> tuple[str, ...]:
    return tuple(slot for slot in SLOTS if slot in slots)


def _joined(first: Collection[str], then: Collection[str]) -> tuple[str, ...]:
    return _known({*first, *then})
