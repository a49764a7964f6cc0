"""Styles and scripts under addresses that change with their content: fetched once, kept for a year, small on the way.

They hold no secret and are the same for everybody, so packing them tells nothing (unlike consoles, see ``compression``).
"""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

A_YEAR = 365 * 24 * 3600
SMALLEST = 1000  # bytes
_ENDPOINT = "static"
_PACKED = (".css", ".js")


def install(app: Flask) -> None:
    folder = Path(app.static_folder or "")

    @app.url_defaults
    def _mark(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == _ENDPOINT and "v" not in values:
            mark = _mark_of(folder, str(values.get("filename", "")))
            if mark:
                values["v"] = mark

    @app.after_request
    def _keep(response: Response) -> Response:
        if request.endpoint != _ENDPOINT or response.status_code not in {200, 304}:
            return response
        name = str((request.view_args or {}).get("filename", ""))
        mark = _mark_of(folder, name)
        if mark and request.args.get("v") == mark:
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        if name.endswith(_PACKED):
            response.vary.add("Accept-Encoding")
            if response.status_code == 200 and request.method == "GET" and request.accept_encodings["gzip"] > 0:
                _pack(response, folder / name)
        return response


def _pack(response: Response, file: Path) -> None:
    packed = _packed(file, file.stat().st_mtime_ns)
    if packed is None or "Range" in request.headers:
        return
    response.close()  # the file that Flask has opened
    response.direct_passthrough = False
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)


def _mark_of(folder: Path, name: str) -> str:
    """Eight signs that stand for the content; "" for what is not there."""
    file = folder / name
    try:
        return _digest(file, file.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ""


@lru_cache(200)
def _digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]


@lru_cache(200)
def _packed(file: Path, _changed: int) -> bytes | None:
    plain = file.read_bytes()
    return gzip.compress(plain, 9, mtime=0) if len(plain) >= SMALLEST else None
