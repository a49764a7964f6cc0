"""Pictures of an address: the matrix, PNG and SVG. The same text always gives the same bytes.

``qrcode`` makes every symbol. Its search for the best of the eight masks takes four fifths of the time, so that search is
done here on whole symbols as single integers; the result is the symbol ``qrcode`` itself would give (a test holds that).
"""

import re
import struct
import zlib
from functools import cache
from typing import Literal

import qrcode
from qrcode import constants, util

Matrix = tuple[str, ...]  # rows of "0" and "1", without the quiet zone
Rectangle = tuple[int, int, int, int]  # x, y, width, height in modules

QUIET_ZONE = 4  # modules of white on every side, ISO/IEC 18004
PRINT_WIDTH_MM = 40  # the smallest width of the symbol on paper, quiet zone not counted
DOTS_PER_METRE = 11_811  # 300 dpi

_BYTES: Literal[4] = 4  # the mode: any text, as UTF-8
_MASKS = range(8)
_LEVELS = (constants.ERROR_CORRECT_H, constants.ERROR_CORRECT_Q, constants.ERROR_CORRECT_M)
_FINDER_LIKE = ("10111010000", "00001011101")


def matrix(text: str) -> Matrix:
    """The symbol for ``text``: the smallest that holds it at error level M, then the highest level that size allows."""
    data = text.encode()
    version, level = _smallest(len(data))
    size = version * 4 + 17
    unmasked = _bits(_symbol(data, version, level, test=True, mask=0))
    changes, finished = _mask_changes(version, level)
    best = min(_MASKS, key=lambda mask: penalty(unmasked ^ changes[mask], size))
    written = f"{unmasked ^ finished[best]:0{size * size}b}"
    return tuple(written[start : start + size] for start in range(0, size * size, size))


def rectangles(symbol: Matrix) -> list[Rectangle]:
    """The dark modules as few rectangles: runs along a row, joined with equal runs below."""
    found: list[Rectangle] = []
    growing: dict[tuple[int, int], int] = {}  # (x, width) -> first row
    for y, row in enumerate((*symbol, "")):
        runs = {(run.start(), run.end() - run.start()) for run in re.finditer("1+", row)}
        for x, width in [run for run in growing if run not in runs]:
            top = growing.pop((x, width))
            found.append((x, top, width, y - top))
        for run in runs:
            growing.setdefault(run, y)
    return sorted(found)


def png(text: str) -> bytes:
    """Black on white, one bit a dot, at 300 dpi at least 40 mm wide without its quiet zone."""
    symbol = matrix(text)
    scale = -(-PRINT_WIDTH_MM * DOTS_PER_METRE // (1000 * len(symbol)))
    width = (len(symbol) + 2 * QUIET_ZONE) * scale
    stride = (width + 7) // 8
    white = b"\0" + b"\xff" * stride
    margin = white * (QUIET_ZONE * scale)
    lines = b"".join(_scan_line(row, scale, width) * scale for row in symbol)
    header = struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)
    resolution = struct.pack(">IIB", DOTS_PER_METRE, DOTS_PER_METRE, 1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body)
        for kind, body in (
            (b"IHDR", header),
            (b"pHYs", resolution),
            (b"IDAT", zlib.compress(margin + lines + margin, 9)),
            (b"IEND", b""),
        )
    )


def svg(text: str) -> str:
    """One path on white; 1 unit = 1 module, printed 40 mm wide without its quiet zone if nobody says otherwise."""
    symbol = matrix(text)
    side = len(symbol) + 2 * QUIET_ZONE
    width = f"{PRINT_WIDTH_MM * side / len(symbol):.2f}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{width}" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path d="{svg_path(symbol, QUIET_ZONE)}"/></svg>\n'
    )


def svg_path(symbol: Matrix, offset: int = 0) -> str:
    """The dark modules as the ``d`` of one SVG path."""
    return "".join(f"M{x + offset} {y + offset}h{w}v{h}h-{w}z" for x, y, w, h in rectangles(symbol))


def penalty(bits: int, size: int) -> int:
    """How hard to read a symbol is: ISO/IEC 18004 7.8.3.1, summed over its four features.

    ``bits`` holds the modules row by row, first module in the highest bit.
    """
    full = (1 << size * size) - 1
    light = bits ^ full
    lost = 0
    same: list[int] = []
    for step, inside in ((1, _columns_from), (size, _rows_from)):
        alike = ~(bits ^ (bits >> step)) & inside(size, 1)  # like the neighbour before it
        same.append(alike)
        fives = alike & (alike >> step) & (alike >> 2 * step) & (alike >> 3 * step) & inside(size, 4)
        lost += fives.bit_count() + 2 * (fives & ~(fives >> step)).bit_count()
        lost += 40 * sum(_matches(pattern, bits, light, step, inside(size, 10)).bit_count() for pattern in _FINDER_LIKE)
    across, down = same
    lost += 3 * (across & (across >> size) & down).bit_count()
    return lost + 10 * int(abs(bits.bit_count() / (size * size) * 100 - 50) / 5)


def _matches(pattern: str, dark: int, light: int, step: int, inside: int) -> int:
    found = inside
    for back, module in enumerate(reversed(pattern)):
        found &= (dark if module == "1" else light) >> back * step
    return found


@cache
def _columns_from(size: int, first: int) -> int:
    return int(("0" * first + "1" * (size - first)) * size, 2)


@cache
def _rows_from(size: int, first: int) -> int:
    return (1 << size * (size - first)) - 1


@cache
def _smallest(length: int) -> tuple[int, int]:
    """Version and error level for ``length`` bytes."""
    version = _version(length, constants.ERROR_CORRECT_M)
    return version, next(level for level in _LEVELS if _version(length, level) == version)


def _version(length: int, level: int) -> int:
    code = qrcode.QRCode(error_correction=level)
    code.add_data(util.QRData(b"\0" * length, mode=_BYTES))
    try:
        return code.best_fit()
    except ValueError:  # not even the largest symbol holds it at this level
        return 0


def _symbol(data: bytes, version: int, level: int, *, test: bool, mask: int) -> qrcode.QRCode:  # type: ignore[type-arg]
    code = qrcode.QRCode(version=version, error_correction=level)
    code.add_data(util.QRData(data, mode=_BYTES))
    code.makeImpl(test, mask)
    return code


def _bits(code: qrcode.QRCode) -> int:  # type: ignore[type-arg]
    return int("".join("1" if module else "0" for row in code.modules for module in row), 2)


@cache
def _mask_changes(version: int, level: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What each mask changes against mask 0 without format information: while judging, and in the finished symbol.

    The same for every text, because masks and format information do not depend on it.
    """
    start = _bits(_symbol(b"", version, level, test=True, mask=0))
    judged = tuple(start ^ _bits(_symbol(b"", version, level, test=True, mask=mask)) for mask in _MASKS)
    finished = tuple(start ^ _bits(_symbol(b"", version, level, test=False, mask=mask)) for mask in _MASKS)
    return judged, finished


def _scan_line(row: str, scale: int, width: int) -> bytes:
    """One line of dots with its filter byte; white is 1."""
    dots = "1" * (QUIET_ZONE * scale)
    line = dots + "".join(("0" if module == "1" else "1") * scale for module in row) + dots
    stride = (width + 7) // 8
    return b"\0" + int(line.ljust(stride * 8, "1"), 2).to_bytes(stride, "big")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
