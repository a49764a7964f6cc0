"""One message and what the bot did last -> what is meant. No I/O; the rules are asked in a fixed order."""

from bots.language.directory import Directory
from bots.language.meaning import Context, Message, Understanding
from bots.language.rules import (
    account,
    case_numbers,
    complaint,
    correction,
    danger,
    english,
    fraud,
    praise,
    question,
    rating,
    steps,
    suggestion,
    whole,
)

ORDER = (
    whole.empty,
    danger.read,
    case_numbers.read,
    fraud.read,
    steps.read,
    whole.read,
    correction.read,
    rating.told,
    case_numbers.without_number,
    complaint.asked_for,
    suggestion.read,
    question.read,
    complaint.read,
    praise.read,
    complaint.vague,
    rating.read,
    english.read,
    account.read,
    whole.fallback,
)


def understand(text: str, context: Context, directory: Directory) -> Understanding:
    """Never raises, whatever ``text`` is; what no rule places is ``nonsense`` with ``reply_help``."""
    message = Message(text, context, directory)
    for rule in ORDER:
        reading = rule(message)
        if reading is not None:
            return reading
    raise AssertionError("the last rule always answers")
