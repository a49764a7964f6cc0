"""The structure holds: every text exists in every language, every template parses, the migrations make the models."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from feedback_app import texts
from feedback_app.db import schema
from feedback_app.db.base import Base
from feedback_app.db.engine import Database


def test_every_language_has_every_text() -> None:
    keys = {language: set(texts.catalogue(language)) for language in texts.languages()}
    assert keys["zh"] == keys["en"]


def test_every_text_has_the_same_fields_in_every_language() -> None:
    fields = {
        language: {key: sorted(set(texts._FIELD.findall(words))) for key, words in texts.catalogue(language).items()}
        for language in texts.languages()
    }
    assert fields["zh"] == fields["en"]


def test_every_template_parses(app: Flask) -> None:
    for name in app.jinja_env.list_templates():
        if name.endswith((".html", ".txt")):
            app.jinja_env.get_template(name)


def test_migrations_make_exactly_the_models(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    schema.upgrade(database)
    schema.upgrade(database)
    schema.metadata_is_complete()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    database.close()
    assert differences == []


def test_a_transaction_inside_a_transaction_fails_at_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nested.db'}")
    with database.transaction(), pytest.raises(RuntimeError), database.transaction():
        pass
    database.close()
