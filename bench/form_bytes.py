"""Goal G8: the form's first load, everything included, fits into the first flight of a new connection (14,600 bytes).

python -m bench.form_bytes ADDRESS        (the address of a form, like http://127.0.0.1:8000/s/…)
"""

import argparse
import gzip
import re
import socket
import sys
from urllib.parse import urlsplit

LIMIT = 14_600  # ten segments of 1,460 bytes: what a server may send before it hears back (RFC 6928)
_OUTSIDE = re.compile(rb'<(?:link|script|img)[^>]+(?:href|src)="(?!data:)([^"]+)"')


def first_load(address: str, cookie: str = "") -> tuple[int, bytes]:
    """Bytes received for one GET as a phone sends it, head included, and the page itself."""
    parts = urlsplit(address)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Accept-Encoding: gzip, deflate, br"]
    lines += ["Accept-Language: zh-CN", "Connection: close", *([f"Cookie: {cookie}"] if cookie else []), "", ""]
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=10) as line:
        line.sendall("\r\n".join(lines).encode())
        received = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return len(received), gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    address = parser.parse_args().address
    largest = 0
    for name, cookie in (("normal type", "lang=zh"), ("large type", "lang=zh; care=1"), ("English", "lang=en")):
        wire, page = first_load(address, cookie)
        outside = _OUTSIDE.findall(page)
        print(
            f"{name:<12} {wire:>6} bytes on the wire ({len(page)} as text), {len(outside)} further files {outside or ''}"
        )
        largest = max(largest, wire, LIMIT + 1 if outside else 0)
    sys.exit(0 if largest <= LIMIT else 1)


if __name__ == "__main__":
    main()
