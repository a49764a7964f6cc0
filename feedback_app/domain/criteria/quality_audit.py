"""What leaders or the quality office gave on their rounds (S12, S18: 领导评价、质控检查). One audit is enough."""

from feedback_app.domain.criteria._marks import MarksByPeople


class QualityAudit(MarksByPeople):
    least = 1


CRITERION = QualityAudit()
