"""An installation as the manual says, into an empty folder, without any network: a wheelhouse, `setup`, `init`, `serve`, a rating.

python -m bench.offline_install [--wheelhouse DIR]        (needs root, for a network namespace without anything in it)
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
STEPS = """
set -e
ip link set lo up
python3 run.py setup --wheelhouse {wheels}
export SERVICE_STAR_CONFIG=$PWD/config.toml
.venv/bin/service-star init --hospital 青山医院 --base-url http://127.0.0.1:8000
printf 'code,name\\nA,甲科\\n' > departments.csv
.venv/bin/service-star import departments departments.csv
.venv/bin/service-star codes list > codes.jsonl
.venv/bin/service-star check || true
.venv/bin/service-star serve > serve.log 2>&1 &
for n in $(seq 100); do .venv/bin/python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz')" 2>/dev/null && break; sleep 0.3; done
.venv/bin/python - <<'END'
import json, urllib.parse, urllib.request
code = json.loads(open("codes.jsonl").readline())["code"]
form = urllib.parse.urlencode({"key": "k" * 24, "overall": "5"}).encode()
print("RATED", urllib.request.urlopen(f"http://127.0.0.1:8000/s/{code}", form).geturl())
END
kill %1
.venv/bin/service-star drill
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheelhouse", type=Path, help="one that was made before")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        wheels, fresh = chosen.wheelhouse or Path(name) / "wheels", Path(name) / "service-star"
        if chosen.wheelhouse is None:
            subprocess.run([sys.executable, ROOT / "run.py", "wheelhouse", wheels], check=True)
        fresh.mkdir()
        packed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "x"], cwd=fresh, input=packed, check=True)
        began = time.monotonic()
        done = subprocess.run(
            ["unshare", "--net", "bash", "-c", STEPS.replace("{wheels}", str(wheels.resolve()))],
            cwd=fresh, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": name},
        )  # fmt: skip
    rated = re.search(r"RATED \S+/r/\w+", done.stdout)
    works = done.returncode == 0 and rated is not None and '"ok": true' in done.stdout
    print(done.stdout[-2500:], done.stderr[-2500:] if not works else "")
    print(f"installed, started, rated and proven without a network in {time.monotonic() - began:.0f} s: {works}")
    raise SystemExit(not works)


if __name__ == "__main__":
    main()
