"""Small words of good and bad, weighed against each other."""

import re

from bots.language import lexicon


def weigh(text: str) -> int:
    """Words of praise less words of blame; 0 where they balance or none is found."""
    found = {one[0] for one in _any().finditer(text)}
    return len(found & lexicon.one_of("tone.good")) - len(found & lexicon.one_of("tone.bad"))


@lexicon.remembered
def _any() -> re.Pattern[str]:
    """The longest word at a place counts: 明白 is no 白, 不怕 no 怕."""
    kinds = (lexicon.one_of(f"tone.{kind}") for kind in ("good", "bad", "neutral"))
    return re.compile(lexicon.alternatives([word for kind in kinds for word in kind]))
