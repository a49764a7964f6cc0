"""Counters of all web processes together, whichever is asked; logs that machines read, without a word of whom."""

import json
import re
from pathlib import Path

import pytest
import requests

from bench.running import Product
from tests.conftest import chosen_kind

pytestmark = pytest.mark.journey
_ANSWERED = re.compile(r'^service_star_answers_total\{sort="form",status="2xx"\} ([0-9.]+)$', re.MULTILINE)


def test_two_processes_count_together_and_log_discreetly(tmp_path: Path) -> None:
    product = Product(tmp_path, chosen_kind(), workers=2, places=1)
    told = product.config.read_text("utf-8").replace("[server]\n", '[server]\nlog_format = "json"\n')
    product.config.write_text(told, "utf-8")
    product.start("serve")
    base = f"http://127.0.0.1:{product.port}"
    try:
        product.wait()
        for _ in range(24):  # each on a connection of its own: either process may get it
            assert requests.get(f"{base}/s/{product.printed[0]}?secret=1", timeout=30).status_code == 200
        counts = {_counted(base) for _ in range(8)}
    finally:
        product.stop()
    assert counts == {24.0}
    lines = [json.loads(line) for line in (tmp_path / "serve.log").read_text("utf-8").splitlines() if line[:1] == "{"]
    asked = [line for line in lines if line.get("path", "").startswith("/s/")]
    assert len(asked) == 24 and all(line["status"] == 200 for line in asked)
    assert "127.0.0.1" not in json.dumps(asked) and "secret" not in json.dumps(asked)


def _counted(base: str) -> float:
    found = _ANSWERED.search(requests.get(f"{base}/metrics", timeout=30).text)
    assert found is not None
    return float(found[1])
