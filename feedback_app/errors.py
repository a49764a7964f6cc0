"""The one tree of errors that rules and use cases raise.

An error carries a stable code and parameters, never a sentence and never an HTTP status: the doors (web page, bot
message, command line) turn the code into words through ``texts`` (key ``errors.<code>``) and into their own outcome.
"""


class FeedbackError(Exception):
    """Something a person did or asked for cannot be done; ``code`` says what, ``params`` say with what."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({details})" if details else self.code


class Refused(FeedbackError):
    """The input is wrong and can be corrected by the person (HTTP 400 or 422)."""


class NotFound(FeedbackError):
    """There is no such thing, or it is not this person's to see (HTTP 404)."""


class Gone(FeedbackError):
    """It was there and has been withdrawn, for example a retired code (HTTP 410)."""


class NotAllowed(FeedbackError):
    """The person is known but may not do this (HTTP 403)."""


class Conflict(FeedbackError):
    """Somebody else, or an earlier step, got there first (HTTP 409)."""


class TooOften(Refused):
    """Too many from one place within a short time; nothing is wrong with the input itself (HTTP 429)."""


class Unavailable(FeedbackError):
    """We cannot serve now and say so; nothing was stored (HTTP 503)."""


class ConfigurationError(FeedbackError):
    """The configuration file or environment is wrong; raised before anything starts."""
