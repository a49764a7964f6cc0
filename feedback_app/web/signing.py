"""What a browser keeps for us, signed: one signer for each purpose, made once."""

from functools import lru_cache
from typing import Any

from flask import current_app
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.serializer import Serializer

_WORTH_PACKING = 60  # bytes


def signer(purpose: str) -> URLSafeTimedSerializer:
    """What was signed for one purpose holds for no other."""
    return signer_with(current_app.config["SECRET_KEY"], purpose)


@lru_cache(100)
def signer_with(key: bytes, purpose: str) -> URLSafeTimedSerializer:
    """The same for those who hold the application's key themselves."""
    return _Signer(key, salt=purpose)


class _Signer(URLSafeTimedSerializer):
    """Does not try to pack what is too short to become shorter, which takes longer than signing it."""

    def dump_payload(self, obj: Any) -> bytes:
        plain: bytes = Serializer.dump_payload(self, obj)
        return base64_encode(plain) if len(plain) < _WORTH_PACKING else super().dump_payload(obj)
