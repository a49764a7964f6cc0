"""An error, or another text, said to the person at the terminal in both languages: nobody has chosen one here."""

import errno

import click

from feedback_app import texts
from feedback_app.errors import ConfigurationError, FeedbackError

_FOR_OPERATORS = {"database.unavailable": "system.errors.database"}
"""Said to patients elsewhere."""
_SYSTEM = {
    errno.ENOSPC: "no_room",
    errno.EDQUOT: "no_room",
    errno.EROFS: "read_only",
    errno.EACCES: "not_allowed",
    errno.EPERM: "not_allowed",
    errno.ENOENT: "not_there",
    errno.EADDRINUSE: "in_use",
}


def explained(error: FeedbackError | OSError) -> int:
    """Says what it is and what to do; the exit status it stands for."""
    if isinstance(error, FeedbackError):
        area, _, name = error.code.partition(".")
        in_both(_FOR_OPERATORS.get(error.code, f"{area}.errors.{name}"), **error.params)
        return 2 if isinstance(error, ConfigurationError) else 1
    name = _SYSTEM.get(error.errno or 0, "other")
    in_both(f"system.errors.{name}", file=error.filename or "?", why=error.strerror or str(error))
    return 1


def in_both(key: str, /, **params: object) -> None:
    """A text of the catalogue to standard error, Chinese first."""
    for language in ("zh", "en"):
        click.echo(texts.text(key, language, **params), err=True)
