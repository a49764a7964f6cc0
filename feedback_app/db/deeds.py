"""Letters of thanks and banners that were handed in: each is a case of praise; this tells what it is made of."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base


class Deed(Base):
    __tablename__ = "deeds"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  # letter | banner
