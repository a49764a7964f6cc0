"""Any number of labelled steps, each with its score or none."""

from feedback_app.domain.questions._options import OneOption


class Likert(OneOption):
    pass


TYPE = Likert()
