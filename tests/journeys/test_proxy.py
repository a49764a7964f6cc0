"""The nginx configuration of deploy/ with a real nginx: addresses as told by the proxy alone, and a reload that drops nobody."""

import os
import signal
import threading
from pathlib import Path

import pytest
import requests

from bench.proxy import nginx
from bench.running import Patients, Product, children
from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests.conftest import chosen_kind

pytestmark = pytest.mark.journey


def test_behind_nginx(tmp_path: Path) -> None:
    """One address is limited, whatever it claims to be; a graceful reload under load loses and refuses nothing."""
    product = Product(tmp_path, chosen_kind())
    told = product.config.read_text("utf-8").replace("ratings_per_minute = 100000", "ratings_per_minute = 1")
    product.config.write_text(told.replace("[server]\n", "[server]\ntrusted_proxies = 1\n"), "utf-8")
    product.start("serve")
    try:
        product.wait()
        with nginx(tmp_path, [product.port]) as port:
            base = f"http://127.0.0.1:{port}"
            page = requests.get(f"{base}/s/{product.printed[0]}", timeout=30)
            assert page.status_code == 200 and "overall" in page.text
            assert requests.get(f"{base}/healthz", timeout=30).json() == {"status": "ok"}
            straight = f"http://127.0.0.1:{product.port}/s/{product.printed[0]}"
            claimed = {"X-Forwarded-For": "9.9.9.9, 8.8.8.8"}  # only the last one was written by a proxy
            statuses = [
                requests.post(
                    straight, {"key": f"k{n:020}", "overall": "5"}, headers=claimed, timeout=30, allow_redirects=False
                ).status_code
                for n in range(8)
            ]
            assert statuses.count(303) == 4 and 429 in statuses
            product.port = port  # what patients send is seen as this machine's own: not limited
            _reload_under_load(product)
            product.stop()
            away = requests.post(f"{base}/s/{product.printed[0]}", {"key": "k" * 24, "overall": "5"}, timeout=30)
            assert away.status_code == 502 and "请稍等" in away.text and away.encoding == "utf-8"
    finally:
        product.stop()


def _reload_under_load(product: Product) -> None:
    patients, old = Patients(product, count=4), set(product.web_workers())
    patients.start()
    try:
        _until(patients, 20)
        os.kill(product.groups["serve"].pid, signal.SIGHUP)
        waiting = threading.Event()
        for _ in range(1200):
            if not old & set(children(product.groups["serve"].pid)):
                break
            waiting.wait(0.1)
        assert not old & set(product.web_workers())
        _until(patients, len(patients.accepted) + 20)
    finally:
        patients.stop()
    assert patients.refused == 0
    with opened(load(product.config)) as runtime, runtime.reading() as session:
        assert {one.receipt for one in session.query(Rating)} >= set(patients.accepted.values())


def _until(patients: Patients, count: int) -> None:
    waiting = threading.Event()
    for _ in range(1200):
        if len(patients.accepted) >= count:
            return
        waiting.wait(0.1)
    raise AssertionError(f"{len(patients.accepted)} of {count} were accepted")
