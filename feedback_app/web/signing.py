"""What a browser keeps for us, signed: one signer for each purpose, made once."""

from functools import lru_cache

from flask import current_app
from itsdangerous import URLSafeTimedSerializer


def signer(purpose: str) -> URLSafeTimedSerializer:
    """What was signed for one purpose holds for no other."""
    return _made(current_app.config["SECRET_KEY"], purpose)


@lru_cache(100)
def _made(key: bytes, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=purpose)
