"""Who there is in the console, and what a person at it is known by. Pure: what they may do is declared at each address."""

from dataclasses import dataclass

ADMIN = "admin"  # directory, codes, question sets, awards, accounts; sees complaints without their writers
OFFICE = "office"  # complaints office: accepts, releases, answers
QUALITY = "quality"  # ratings and leaderboards; decides appeals of other units
HEAD = "head"  # head or head nurse of one department: released cases of that department alone
DIRECTOR = "director"  # of the hospital: every case without its writer, figures, second key of the vault
PROTECTION = "protection"  # protects staff: reads sexual and threatening text first, instead of whom it is about
IT = "it"  # the machines alone: processes, queues, copies, disk, keys; no rating, no case, no person
CONSOLE = (ADMIN, OFFICE, QUALITY, HEAD, DIRECTOR, PROTECTION, IT)

OF_A_DEPARTMENT = frozenset({HEAD})
"""Roles that mean nothing without a department."""
SECOND_KEY = frozenset({DIRECTOR, QUALITY, ADMIN})
"""Roles that may agree to the opening of an identity; never the role that asked, and agreeing shows nothing."""


@dataclass(frozen=True)
class Viewer:
    """Whoever looks. ``person_id`` is their own entry in the directory, so that nobody handles what is about themself."""

    role: str
    login: str = ""
    department_id: int | None = None
    person_id: int | None = None
