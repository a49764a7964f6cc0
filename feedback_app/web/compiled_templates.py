"""Templates are compiled once for all applications of this process: a group of hospitals has one for each."""

from types import CodeType

from jinja2.bccache import Bucket, BytecodeCache


class CompiledOnce(BytecodeCache):
    """In memory, by name and contents. For environments with the same settings."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key] = bucket.checksum, bucket.code


COMPILED = CompiledOnce()
