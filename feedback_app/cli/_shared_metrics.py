"""Imported before anything that counts: the processes of one `serve` then share their counters through files.

prometheus_client decides at its own import whether it does so.
"""

import atexit
import os
import shutil
import tempfile

_NAME = "PROMETHEUS_MULTIPROC_DIR"


def _prepare() -> None:
    folder = tempfile.mkdtemp(prefix="service-star-metrics-", dir=os.environ.get("RUNTIME_DIRECTORY"))
    os.environ[_NAME], owner = folder, os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


if not os.environ.get(_NAME):
    _prepare()
