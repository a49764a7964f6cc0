"""What colleagues gave (S18: 同事互评), anonymous to the candidate: at least three, or it says too much about each."""

from feedback_app.domain.criteria._marks import MarksByPeople

CRITERION = MarksByPeople()
