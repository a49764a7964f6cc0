"""Pictures: drawn anew as plain JPEG, so that neither place, time, device nor anything hidden in the file is kept."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from PIL import Image, ImageOps
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from feedback_app.db.pictures import Picture
from feedback_app.domain.identity import readable
from feedback_app.errors import NotFound, Refused

LARGEST = 6 * 1024 * 1024  # bytes, as sent
MOST_PIXELS = 40_000_000
SIDE = 1600  # pixels, as stored
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")


def redrawn(data: bytes) -> bytes:
    """The picture as JPEG without anything but its pixels. Raises Refused ``questions.picture_too_large``,
    ``questions.not_a_picture``."""
    if len(data) > LARGEST:
        raise Refused("questions.picture_too_large", most=LARGEST // 1024**2)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as sent:
            if sent.width * sent.height > MOST_PIXELS:
                raise Refused("questions.picture_too_large", most=LARGEST // 1024**2)
            sent.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(sent)
            upright.thumbnail((SIDE, SIDE))
            plain = Image.new("RGB", upright.size, "white")
            rgba = upright.convert("RGBA")
            plain.paste(rgba, mask=rgba.getchannel("A"))
    except Refused:
        raise
    except Exception:  # whatever a decoder stumbles over, to the person it is a file that cannot be opened
        raise Refused("questions.not_a_picture") from None
    out = BytesIO()
    plain.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()


def store(session: Session, form_key: str, jpeg: bytes, now: datetime) -> str:
    """Keep a redrawn picture; returns its id. Sent again with the same form, it is the same picture."""
    known = session.scalar(select(Picture.id).where(Picture.form_key == form_key, Picture.jpeg == jpeg))
    if known is not None:
        return known
    made = Picture(id=readable(secrets.token_bytes(13), 20), form_key=form_key, jpeg=jpeg, received_at=now)
    session.add(made)
    session.flush()
    return made.id


def own(session: Session, form_key: str, ids: Sequence[str]) -> list[str]:
    """Those of the ids that came with this very form."""
    mine = set(session.scalars(select(Picture.id).where(Picture.form_key == form_key, Picture.id.in_(list(ids)[:50]))))
    return [one for one in dict.fromkeys(ids) if one in mine]


def keep(session: Session, form_key: str) -> None:
    """The form was accepted: its pictures stay as long as the rating."""
    session.execute(update(Picture).where(Picture.form_key == form_key).values(kept=True))


def jpeg(session: Session, picture_id: str) -> bytes:
    """Raises NotFound ``questions.no_picture``."""
    found = session.get(Picture, picture_id)
    if found is None:
        raise NotFound("questions.no_picture")
    return found.jpeg
