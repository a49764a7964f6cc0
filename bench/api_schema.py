"""The interface against its own description: schemathesis sends what the OpenAPI document allows, and what it does not.

0 server errors and 0 answers that the document does not name (status, content type, form). The application on a real port.

python -m bench.api_schema [--examples 100]
"""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from werkzeug.serving import make_server

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.db.schema import metadata_is_complete
from feedback_app.services import api_keys, quiet_visits
from feedback_app.services.api_keys import SCOPES
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON, settings_for
from tests.people import directory

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
ALL_PHASES = "examples,coverage,fuzzing"


@dataclass
class Ran:
    status: int  # 0: nothing was found
    requests: int
    words: str


def run(folder: Path, examples: int, *, phases: str = ALL_PHASES, only: str = "") -> Ran:
    """``only``: a regular expression of addresses."""
    settings = settings_for(folder)
    clock.move(Path(settings.sandbox.clock_file), NOON)
    runtime = Runtime.open(settings)
    metadata_is_complete()
    with runtime.transaction() as session:
        Base.metadata.create_all(session.connection())
    with runtime.transaction() as session:
        quiet_visits.install_presets(session, NOON)
        session.add_all(directory(NOON))
        key = api_keys.make(
            session, runtime.vault, name="st", scopes=SCOPES, per_minute=6000, days=None, by="bench", now=NOON
        ).secret
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        return _schemathesis(f"http://127.0.0.1:{server.server_port}/api/v1", key, folder, examples, phases, only)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["service_star"].close()
        runtime.close()


def _schemathesis(base: str, key: str, folder: Path, examples: int, phases: str, only: str) -> Ran:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{base}/openapi.json", "--url", base,
        "--header", f"Authorization: Bearer {key}", "--checks", CHECKS, "--phases", phases,
        "--max-examples", str(examples), "--seed", "1", "--generation-deterministic",
        "--request-timeout", "60", "--suppress-health-check", "all", "--no-color", "--continue-on-failure", "--warnings", "off",
        *(("--include-path-regex", only) if only else ()),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    words = done.stdout + done.stderr
    counted = [int(one) for one in re.findall(r"(\d+) generated", words)]
    return Ran(done.returncode, sum(counted), words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=100)
    with tempfile.TemporaryDirectory() as folder:
        done = run(Path(folder), parser.parse_args().examples)
    print(done.words[-6000:])
    sys.exit(done.status)


if __name__ == "__main__":
    main()
