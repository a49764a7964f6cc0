"""An independent reader: what a camera would see in a picture, an SVG or a PDF page. Nothing of ours takes part."""

import io
import re
from collections.abc import Iterator

import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw

DPI = 200


def read(picture: Image.Image) -> list[str]:
    """The texts of all codes in the picture, sorted."""
    return sorted(found.text for found in zxingcpp.read_barcodes(picture))


def read_png(data: bytes) -> list[str]:
    return read(Image.open(io.BytesIO(data)))


def read_svg(text: str, scale: int = 8) -> list[str]:
    """Fills the rectangles of the paths, in order, each in its colour."""
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', text)
    assert box is not None
    canvas = Image.new("L", (int(box[1]) * scale, int(box[2]) * scale), 127)
    pen = ImageDraw.Draw(canvas)
    for attributes in re.findall(r"<path ([^>]*)/>", text):
        white = 'fill="#fff"' in attributes
        for x, y, w, h in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)[hH][-\d]+z", attributes):
            left, top = int(x) * scale, int(y) * scale
            corner = (left + int(w) * scale - 1, top + int(h) * scale - 1)
            pen.rectangle((left, top, *corner), fill=255 if white else 0)
    return read(canvas)


def pages(document: bytes, dpi: int = DPI) -> Iterator[Image.Image]:
    """Each page of a PDF as a picture."""
    opened = pypdfium2.PdfDocument(document)
    try:
        for page in opened:
            yield page.render(scale=dpi / 72).to_pil()
    finally:
        opened.close()


def page_texts(document: bytes) -> list[str]:
    """What the text layer of each page says."""
    opened = pypdfium2.PdfDocument(document)
    try:
        return [page.get_textpage().get_text_range() for page in opened]
    finally:
        opened.close()


def widths_mm(picture: Image.Image, dpi: int = DPI) -> list[float]:
    """How wide each code of the picture is on paper, quiet zone not counted."""
    found = zxingcpp.read_barcodes(picture)
    return [(one.position.top_right.x - one.position.top_left.x) / dpi * 25.4 for one in found]
