"""Alembic's entry: runs inside the transaction that ``db.schema`` opened."""

from alembic import context

from feedback_app.db.base import Base
from feedback_app.db.schema import metadata_is_complete

metadata_is_complete()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
