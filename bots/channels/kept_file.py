"""A file that gets a line a message, for whoever keeps what we must not be able to change: best on another machine's share."""

import os
from pathlib import Path

from bots.channels import _base
from feedback_app.services.deliveries import RETRY, SENT, Channel, Outcome, Outgoing
from feedback_app.services.runtime import Runtime


class KeptFileChannel:
    """Only ever appends; a line that is there already is not written twice."""

    idempotent = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, message: Outgoing) -> Outcome:
        line = " ".join(str(message.payload.get("line") or "").split())
        try:
            known = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
            if line not in known:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
                    file.flush()
                    os.fsync(file.fileno())
        except (OSError, UnicodeError):  # a share that is away for a while
            return Outcome(RETRY, _base.said("reason.unreached"))
        return Outcome(SENT)


def open_channel(runtime: Runtime) -> Channel | None:
    path = runtime.settings.evidence.file
    return KeptFileChannel(Path(path)) if path else None
