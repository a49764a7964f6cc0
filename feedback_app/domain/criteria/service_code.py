"""Checks of the service code: manners, attire, badge, civil speech, explaining once (S12 g, k; S42). One check is enough."""

from feedback_app.domain.criteria._marks import MarksByPeople


class ServiceCode(MarksByPeople):
    least = 1


CRITERION = ServiceCode()
