"""${message}."""

import sqlalchemy as sa
from alembic import op

import feedback_app.db.base
from feedback_app.db.migrations import by_hand
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    by_hand.run(op.get_bind(), revision)
