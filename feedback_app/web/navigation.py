"""The menu of the console: every page module adds its own entry, the base template shows those the reader may open."""

from dataclasses import dataclass

from flask import current_app, g

from feedback_app.web.access import allowed_roles

_entries: list["Entry"] = []
_AREAS = {
    "admin_imports": "admin_directory",
    "admin_questions": "admin_question_sets",
    "admin_question_publish": "admin_question_sets",
    "admin_question_files": "admin_question_sets",
    "admin_question_results": "admin_question_sets",
    "admin_activity_kinds": "admin_activities",
    "admin_activity_steps": "admin_activities",
    "admin_leaflets": "admin_documents",
    "admin_rewards": "admin_money",
    "admin_figure_comments": "admin_figures",
}
"""Modules whose pages have no entry of their own -> the module whose entry they belong to."""


GROUPS = (
    (0, ""),
    (10, "hospital"),
    (30, "ratings"),
    (40, "complaints"),
    (50, "stars"),
    (59, "activities"),
    (60, "messages"),
    (80, "system"),
)
"""From which place on entries belong together, and the heading they stand under (key ``admin.group.*``; "": none)."""


@dataclass(frozen=True, order=True)
class Entry:
    place: int
    endpoint: str
    label: str  # key of the text

    def holds(self, endpoint: str) -> bool:
        """Whether the page belongs to this entry: all pages of its module, and of the modules that share its name."""
        here, mine = endpoint.split(".")[0], self.endpoint.split(".")[0]
        return _AREAS.get(here, here) == mine


def add(place: int, endpoint: str, label: str) -> None:
    """Called at import by a page module: ``navigation.add(10, "admin_directory.index", "directory.nav")``."""
    _entries.append(Entry(place, endpoint, label))


@dataclass(frozen=True)
class Group:
    heading: str  # key of the text, or ""
    entries: list[Entry]


def groups() -> list[Group]:
    """The menu of whoever is signed in: a group without an entry they may open is left out."""
    ends = [start for start, _ in GROUPS[1:]] + [1000]
    made = [
        Group(name and f"admin.group.{name}", [one for one in entries() if start <= one.place < end])
        for (start, name), end in zip(GROUPS, ends, strict=True)
    ]
    return [group for group in made if group.entries]


def entries() -> list[Entry]:
    """The entries that whoever is signed in may open, in order."""
    mine = set(g.get("roles", ()))
    known = (entry for entry in sorted(set(_entries)) if entry.endpoint in current_app.view_functions)
    return [entry for entry in known if allowed_roles(current_app, entry.endpoint) & mine]
