"""What the vault of complaints holds, for tests alone."""

from feedback_app.db.case_secrets import CONTACT, WORDS, CaseSecret
from feedback_app.services.runtime import Runtime


def sealed(runtime: Runtime, kind: str = CONTACT) -> list[str]:
    with runtime.reading() as session:
        return [one.sealed for one in session.query(CaseSecret).filter_by(kind=kind).order_by(CaseSecret.id)]


def contacts(runtime: Runtime) -> list[str]:
    return [runtime.vault.unseal(one) for one in sealed(runtime)]


def originals(runtime: Runtime) -> list[str]:
    """Words as they were written, where something in them had to be masked."""
    return [runtime.vault.unseal(one) for one in sealed(runtime, WORDS)]
