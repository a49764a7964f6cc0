"""Goal G8: the form's first load beside a SurveyJS page that asks the same one question, in the same run.

python -m bench.first_load [--rounds 3]

Bytes of everything a phone must fetch, and Lighthouse with its mobile preset (a slow phone on a slow network): performance,
accessibility, largest contentful paint. Lighthouse and SurveyJS are fetched from npm into var/first_load when they are missing;
a browser must be there (CHROME_PATH, or an installed Chromium).
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from bench.form_bytes import LIMIT, first_load
from bench.form_get import hospital
from bench.measure import gunicorn

FOLDER = Path(__file__).parent.parent / "var" / "first_load"
PACKAGES = ("lighthouse@12.8.2", "survey-core@2.5.38", "survey-js-ui@2.5.38")
PARTS = {
    "/survey-core.css": "survey-core/survey-core.min.css",
    "/survey.core.js": "survey-core/survey.core.min.js",
    "/survey-js-ui.js": "survey-js-ui/survey-js-ui.min.js",
}
_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>SurveyJS</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/survey-core.css"></head><body><main id="survey"></main>
<script src="/survey.core.js"></script><script src="/survey-js-ui.js"></script>
<script>new Survey.Model({elements:[{type:"rating",name:"overall",title:"这次服务，您觉得怎么样？",rateCount:5,rateType:"smileys"},
{type:"comment",name:"comment",title:"还想说点什么？"}]}).render(document.getElementById("survey"))</script></body></html>"""


@dataclass(frozen=True)
class Seen:
    """What one run of Lighthouse says: scores 0 to 1, milliseconds."""

    performance: float
    accessibility: float
    lcp_ms: float


def installed() -> Path:
    """The folder with the npm packages, fetched when they are not there yet."""
    if not all((FOLDER / "node_modules" / name.partition("@")[0]).exists() for name in PACKAGES):
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER), *PACKAGES], check=True)
    return FOLDER


@contextmanager
def survey_page(modules: Path) -> Iterator[tuple[int, int]]:
    """Serve the SurveyJS page, packed as small as gzip can; yields the port and the bytes of all its parts together."""
    files = {path: (modules / where).read_bytes() for path, where in PARTS.items()} | {"/": _PAGE.encode()}
    packed = {path: gzip.compress(data, 9, mtime=0) for path, data in files.items()}
    kinds = {".css": "text/css", ".js": "text/javascript", "": "text/html; charset=utf-8"}

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = packed.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kinds[Path(self.path).suffix] if body else "text/plain")
            if body:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], sum(map(len, packed.values()))
    server.shutdown()


def look(folder: Path, address: str) -> Seen:
    """One run with Lighthouse's mobile preset."""
    told = folder / "seen.json"
    chrome = os.environ.get("CHROME_PATH") or shutil.which("chromium") or shutil.which("google-chrome") or ""
    subprocess.run(
        [
            "npx", "--no-install", "lighthouse", address, f"--chrome-flags={_FLAGS}", "--output=json",
            f"--output-path={told}", "--quiet", "--only-categories=performance,accessibility",
        ],
        cwd=folder, env={**os.environ, "CHROME_PATH": chrome}, check=True, timeout=180,
    )  # fmt: skip
    report = json.loads(told.read_text("utf-8"))
    scores = report["categories"]
    return Seen(
        scores["performance"]["score"],
        scores["accessibility"]["score"],
        report["audits"]["largest-contentful-paint"]["numericValue"],
    )


def warm(address: str) -> None:
    """Ask for the page until it is there: workers may still be starting."""
    for _ in range(120):
        try:
            with urlopen(address, timeout=60) as page:
                page.read()
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("the page did not come")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    folder, good = installed(), True
    with tempfile.TemporaryDirectory() as name, survey_page(folder / "node_modules") as (survey_port, survey_bytes):
        code = hospital(Path(name))
        with gunicorn("bench.form_get:ours()", {"SERVICE_STAR_CONFIG": str(Path(name) / "config.toml")}) as (port, _):
            address = f"http://127.0.0.1:{port}/s/{code}"
            warm(address)
            for what, cookie in (("form", "lang=zh"), ("form, large type", "care=1"), ("form, English", "lang=en")):
                wire, _page = first_load(address, cookie)
                print(f"{what:<18} {wire:>7} bytes, head and everything, 1 request   (goal <= {LIMIT})")
                good &= wire <= LIMIT
                if cookie == "lang=zh":
                    good &= wire * 25 <= survey_bytes
                    print(
                        f"{'SurveyJS':<18} {survey_bytes:>7} bytes without heads, 4 requests: {survey_bytes / wire:.0f} times"
                    )
            seen: dict[str, list[Seen]] = {"form": [], "SurveyJS": []}
            for _ in range(rounds):
                seen["form"].append(look(folder, address))
                seen["SurveyJS"].append(look(folder, f"http://127.0.0.1:{survey_port}/"))
    for what, runs in seen.items():
        lcp = statistics.median(one.lcp_ms for one in runs)
        print(
            f"{what:<18} Lighthouse mobile, {rounds} runs: performance {min(one.performance for one in runs):.2f} at worst, "
            f"accessibility {min(one.accessibility for one in runs):.2f}, largest paint {lcp:.0f} ms"
        )
    pairs = sorted(a.lcp_ms / b.lcp_ms for a, b in zip(seen["form"], seen["SurveyJS"], strict=True))
    print(
        f"largest paint, form / SurveyJS: {statistics.median(pairs):.2f} [{pairs[0]:.2f}-{pairs[-1]:.2f}]   goal <= 0.22"
    )
    good &= (
        min(one.performance for one in seen["form"]) >= 0.99 and min(one.accessibility for one in seen["form"]) >= 0.99
    )
    sys.exit(0 if good and statistics.median(pairs) <= 0.22 else 1)


if __name__ == "__main__":
    main()
