"""``service-star demo`` as somebody who has just cloned it starts it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.journeys.conftest import HOST, ROOT, free_ports

pytestmark = pytest.mark.journey


def demo(folder: Path, port: int, *options: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PORT": str(port)}
    command = [sys.executable, "-m", "feedback_app.cli.main", "demo", "--folder", str(folder), *options]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def test_the_demo_starts_is_looked_at_and_ends(tmp_path: Path) -> None:
    [port] = free_ports(1)
    seeding = demo(tmp_path, port, "--seed-only", "--ratings", "300")
    assert seeding.wait(120) == 0, seeding.communicate()[1]
    seeding.communicate()
    running = demo(tmp_path, port)
    try:
        assert running.stdout is not None
        told = [running.stdout.readline() for _ in range(6)]
        addresses = [re.search(r"http\S+", line) for line in told]
        assert all(addresses), told
        with requests.Session() as browser:
            browser.trust_env = False
            for found in addresses:
                assert found is not None
                assert browser.get(found[0], timeout=20).status_code == 200, found[0]
        second = demo(tmp_path, port)
        assert second.wait(30) == 1
        assert str(port) in second.communicate()[1]
    finally:
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[1]
    assert (running.returncode, "stopped" in said) == (0, True), said
    with pytest.raises(requests.ConnectionError), requests.Session() as browser:
        browser.trust_env = False
        browser.get(f"http://{HOST}:{port}/healthz", timeout=5)
