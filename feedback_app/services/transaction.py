"""What doors may hold of the database: an open session, handed on to services."""

from sqlalchemy.orm import Session

__all__ = ["Session"]
