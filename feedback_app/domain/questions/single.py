"""One of the offered options; one of them may be "other", with a few words."""

from feedback_app.domain.questions._options import OneOption


class Single(OneOption):
    pass


TYPE = Single()
