"""What doors may hold of the database: an open session or unit of writing, handed on to services."""

from sqlalchemy.orm import Session

from feedback_app.db.writing import Writing

__all__ = ["Session", "Writing"]
