"""Token buckets: how much somebody may do for now. Shared by all processes because they are in the database."""

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import KEYED_HASH, Base


class Bucket(Base):
    """One bucket; a row that is full again says nothing and is thrown away."""

    __tablename__ = "buckets"

    key: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)  # of what and who; no address in clear
    purpose: Mapped[str] = mapped_column(String(20))
    full_at: Mapped[float] = mapped_column(Float, index=True)  # seconds since 1970
