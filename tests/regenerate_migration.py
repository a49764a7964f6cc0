"""For developers, before the first release: write migration 0001 anew from the models.

python -m tests.regenerate_migration
"""

import tempfile
from pathlib import Path

from feedback_app.db import schema
from feedback_app.db.engine import Database


def main() -> None:
    versions = schema.MIGRATIONS / "versions"
    for old in versions.glob("*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.db'}")
        schema.make_revision(database, "initial")
        database.close()
    made = next(versions.glob("*_initial.py"))
    text = made.read_text("utf-8")
    revision = text.split("revision = '")[1].split("'")[0]
    (versions / "0001_initial.py").write_text(text.replace(f"'{revision}'", '"0001"'), "utf-8")
    made.unlink()


if __name__ == "__main__":
    main()
