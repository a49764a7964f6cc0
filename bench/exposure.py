"""A thousand complaints with planted names, phones and identity numbers: who can see one of them? Must be nobody.

python -m bench.exposure [--cases 1000] [--seed 20261120]

They come through the real doors (page without a code, low rating, chat). Then every page of every role, every list that leaves
as a file, everything queued, logged, searched and sent is looked through for each planted sign.
"""

import argparse
import logging
import tempfile
from pathlib import Path

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.schema import metadata_is_complete
from feedback_app.services import codes, questionnaires
from feedback_app.services.runtime import Runtime
from tests import identities
from tests.conftest import NOON, settings_for
from tests.people import STAFF, directory


def look(cases: int, seed: int) -> int:
    """How many signs were found."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(Path(folder))
        clock.move(Path(settings.sandbox.clock_file), NOON)
        runtime = Runtime.open(settings)
        metadata_is_complete()
        with runtime.transaction() as session:
            Base.metadata.create_all(session.connection())
        with runtime.transaction() as session:
            questionnaires.install_presets(session, NOON)
            session.add_all(directory(NOON))
        with runtime.transaction() as session:
            points = session.query(ServicePoint).filter(ServicePoint.key.in_(("D01", "D02", "N01", "W03"))).all()
            texts = [codes.issue(session, runtime.vault, one, runtime.now()).text or "" for one in points]
        app = create_app(settings)
        app.testing = True
        people = identities.planted(cases, seed, taken=[name for _, name, *_ in STAFF])
        identities.send(app.test_client(), runtime, texts, people)
        signs, found, opened = identities.Signs(people), 0, 0
        numbers = identities.case_numbers(runtime)
        for role in identities.ROLES:
            client = identities.enter(app, runtime, role)
            more = [f"/admin/complaints?state=all&page={page}" for page in range(2, cases // 30 + 2)]
            for page in (*identities.pages(app, role, numbers[-60:]), *more):
                answer = client.get(page)
                opened += answer.status_code == 200
                if (answer.mimetype or "").startswith("text/") or answer.is_json:
                    found += _told(role, page, signs.found(answer.get_data(as_text=True)))
        others = 0
        for where, value in (*identities.columns(runtime), *identities.exported(runtime)):
            others += 1
            found += _told("any", where, signs.found(value))
        print(f"{len(numbers):,} cases, seed {seed}: {opened:,} pages of {len(identities.ROLES)} roles and {others:,} other texts; found {found}")  # fmt: skip
        app.extensions["service_star"].close()
        runtime.close()
        return found


def _told(role: str, where: str, found: set[str]) -> int:
    for sign in sorted(found)[:3]:
        print(f"  {role} {where}: {sign}")
    return len(found)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=1000)
    options.add_argument("--seed", type=int, default=20261120)
    chosen = options.parse_args()
    raise SystemExit(1 if look(chosen.cases, chosen.seed) else 0)


if __name__ == "__main__":
    main()
