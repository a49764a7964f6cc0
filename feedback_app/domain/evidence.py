"""What an entry of the evidence log says, byte for byte. Pure; the offline checker writes out the same few lines.

An entry says some things openly (which receipt, for whom, in which month) and commits to the rest (the level, the answers)
without telling: the commitment is a salted hash, so that a text can be erased by law and the log still holds.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from feedback_app.domain.merkle import leaf_hash

VERSION = 1


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: the same bytes everywhere."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def hashed(value: Any) -> str:
    """SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()


def commitment(salt: str, content: Mapping[str, Any]) -> str:
    return hashlib.sha256(salt.encode() + b"." + canonical(content)).hexdigest()


def leaf_data(kind: str, shown: Mapping[str, Any], hidden: str) -> bytes:
    return canonical({"v": VERSION, "kind": kind, "shown": shown, "hidden": hidden})


def leaf(kind: str, shown: Mapping[str, Any], hidden: str) -> str:
    """The entry's hash in the tree, hexadecimal."""
    return leaf_hash(leaf_data(kind, shown, hidden)).hex()


def head_data(size: int, root: str, at: datetime) -> bytes:
    """What a head's signature covers."""
    return canonical({"v": VERSION, "size": size, "root": root, "at": int(at.timestamp())})


def promise_data(leaf_hex: str, at: datetime) -> bytes:
    """What a receipt's signature covers until the entry stands in the tree: "this leaf will be in within a minute"."""
    return canonical({"v": VERSION, "promised": leaf_hex, "at": int(at.timestamp())})
