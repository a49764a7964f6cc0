"""The sandbox over HTTP, with a scripted product behind it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bots.sandbox.app import create_sandbox
from bots.sandbox.client import SandboxClient
from bots.sandbox.codes import ShownCode
from bots.sandbox.server import running
from feedback_app import clock
from feedback_app.settings import Settings
from tests.bots.sandbox.calls import Calls
from tests.bots.sandbox.product import Product, product_running, sandbox_settings
from tests.conftest import NOON

CODES: list[ShownCode] = [
    {"code": "000HK2Y7TQ1Z", "url": "http://127.0.0.1:1/s/000HK2Y7TQ1Z", "kind": "staff", "name": "张伟"},
    {"code": "001AW9C3MX4D", "url": "http://127.0.0.1:1/s/001AW9C3MX4D", "kind": "window", "name": "3号收费窗口"},
]


@pytest.fixture
def product() -> Iterator[Product]:
    with product_running() as running_product:
        yield running_product


@pytest.fixture
def sandbox_config(tmp_path: Path, product: Product) -> Settings:
    clock.move(tmp_path / "clock", NOON)
    return sandbox_settings(tmp_path, base_url=product.url)


@pytest.fixture
def address(sandbox_config: Settings) -> Iterator[str]:
    with running(create_sandbox(sandbox_config, codes=lambda: CODES)) as url:
        yield url


@pytest.fixture
def phones(address: str) -> Iterator[SandboxClient]:
    with SandboxClient(address) as client:
        yield client


@pytest.fixture
def calls(address: str) -> Iterator[Calls]:
    with Calls(address) as made:
        yield made


@pytest.fixture
def later(tmp_path: Path) -> Callable[[timedelta], None]:
    """Move the shared clock to NOON plus something: with some room, as what is to lie behind began a little after NOON."""
    return lambda passed: clock.move(tmp_path / "clock", NOON + passed)
