"""The whole look, long (bench) or short (tests)."""

import time
from pathlib import Path
from typing import Any

from werkzeug.routing import Map

from bench.forking import Forge
from bench.group import crossing, filling, leaving
from bench.group.hospitals import NAMES, Hospital, opened
from bench.group.installation import PATIENCE, Installation, running
from bench.group.reading import Tally
from bench.group.visitors import Visitor
from bench.group.walking import Walk, values_of
from feedback_app.app import create_app
from feedback_app.db.complaints import Case
from feedback_app.services.demo_hospital import Size
from feedback_app.web.access import CONSOLE
from tests import postgres
from tests.journeys.conftest import free_ports

NODES = 2


def look_through(folder: Path, kind: str, *, short: bool = False, leak: str = "") -> Tally:
    """``short``: every address once, as administrator of one hospital or another at one node or the other; for the tests."""
    tally, ports = Tally(), free_ports(NODES + len(NAMES))
    databases = {}
    if kind == postgres.KIND:
        databases = {name: postgres.url_for(folder / name) for name in NAMES}
    size = Size(200 if short else 1500, 2)
    with opened(folder, ports[:NODES], ports[NODES:], databases, size) as hospitals:
        made = Installation(folder, forge=Forge() if short else None, leak=leak)
        with running(made, hospitals, workers=1 if short else 2):
            Look(folder, hospitals, tally, routes_of(hospitals[0]), short).everything()
        leaving.logs(folder, hospitals, tally)
    return tally


def routes_of(one: Hospital) -> Map:
    app = create_app(one.runtime.settings)
    app.extensions["service_star"].close()
    return app.url_map


class Look:
    def __init__(self, folder: Path, hospitals: list[Hospital], tally: Tally, routes: Map, short: bool) -> None:
        self.folder, self.hospitals, self.tally, self.routes, self.short = folder, hospitals, tally, routes, short
        self.nodes = () if short else tuple(range(NODES))
        self.roles = ("admin",) if short else (*CONSOLE, "staff", "patient")

    def foreign(self, one: Hospital) -> frozenset[str]:
        return frozenset(needle for other in self.hospitals if other is not one for needle in other.needles)

    def visitor(self, one: Hospital, role: str) -> Visitor:
        return Visitor(one, role, self.tally, self.foreign(one))

    def everything(self) -> None:
        for one in self.hospitals:
            for shown in filling.phones(one):
                self.tally.look("answers in the chat", one.name, shown.encode(), self.foreign(one), (one.mark.lower(),))
            filling.patients(self.visitor(one, "patient"), 4 if self.short else 12, "甲")
        self.walk()
        self.cross()
        self.leave()

    def walk(self) -> None:
        walk = Walk(self.routes)
        for role in self.roles:
            visitors = [self.visitor(one, role) for one in self.hospitals]
            for who in visitors:
                if role != "patient":
                    who.sign_in(0)
                    self.tally.hold("sessions at both nodes", f"{who.hospital.name} {role}", who.is_in(1))
            if self.short:
                walk.in_turns(visitors, [self.values(one) for one in self.hospitals])
                continue
            walk.fills = role != "patient"
            walk.alike, walk.nodes = (2, self.nodes) if role == "admin" else (1, ())
            for who in visitors:
                walk.of(who, self.values(who.hospital))
        self.tally.looked["routes"] = len(walk.endpoints)
        self.tally.looked["routes with something there"] = len(walk.real)

    def values(self, one: Hospital) -> dict[str, Any]:
        with one.runtime.reading() as session:
            number = session.query(Case.number).order_by(Case.id.desc()).limit(1).scalar() or ""
        return values_of(one, number)

    def cross(self) -> None:
        admins = [self.visitor(one, "admin") for one in self.hospitals]
        staff = [self.visitor(one, "staff") for one in self.hospitals]
        strangers = [self.visitor(one, "patient") for one in self.hospitals]
        for who in (*admins, *staff):
            who.sign_in(1)
        crossing.sessions([*admins, *staff], strangers, self.tally)
        crossing.tokens(admins, self.tally)
        for one, anybody in zip(self.hospitals, strangers, strict=True):
            crossing.links(one, strangers, self.tally, self.nodes or (0,))
            crossing.addresses(one, admins, self.nodes, 6 if self.short else 2)
            crossing.keys(self.routes, one, self.hospitals, anybody, self.tally, self.nodes)
            crossing.callbacks(one, self.hospitals, self.tally)

    def leave(self) -> None:
        """Monday: what waited for working hours leaves, and a board is published."""
        for one in self.hospitals:
            one.move_clock("2026-11-23T09:30:00+08:00")
            leaving.command(one, "stars", "publish", "--award", "monthly", "--period", "2026-10", "--by", one.mark)
        for number, one in enumerate(self.hospitals):
            self.tally.hold("pushes arrived", f"something of {one.name} by every way", self.has_left(one))
            leaving.pushes(one, self.foreign(one), self.tally)
            leaving.lists(one, self.folder, self.foreign(one), self.tally, number if self.short else None)
            others = [other for other in self.hospitals if other is not one]
            leaving.kept(one, others, self.folder, self.foreign(one), self.tally)

    def has_left(self, one: Hospital) -> bool:
        ends = time.monotonic() + PATIENCE
        while not leaving.has_left(one):
            if time.monotonic() > ends:
                return False
            time.sleep(0.1)
        return True
