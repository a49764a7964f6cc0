"""What the expert or review panel gave (S19): at least three of its members; those concerned do not take part (S5)."""

from feedback_app.domain.criteria._marks import MarksByPeople

CRITERION = MarksByPeople()
