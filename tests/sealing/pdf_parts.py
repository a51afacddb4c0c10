"""What lies in a PDF: its streams, and every picture that can be carved out of it, however deep."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image, ImageChops
from pyhanko.pdf_utils.generic import Reference, StreamObject
from pyhanko.pdf_utils.reader import PdfFileReader

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")


def streams(pdf: bytes) -> Iterator[StreamObject]:
    """Every stream."""
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    for number in range(1, int(reader.trailer["/Size"])):
        found = reader.get_object(Reference(number, 0, reader), never_decrypt=True)
        if isinstance(found, StreamObject):
            yield found


def carved(data: bytes) -> Iterator[Image.Image]:
    """Every picture that begins anywhere in `data` and can be decoded."""
    for beginning in _BEGINNINGS:
        at = data.find(beginning)
        while at >= 0:
            try:
                picture = Image.open(io.BytesIO(data[at:]))
                picture.load()
                yield picture.convert("RGB")
            except (OSError, SyntaxError, ValueError):
                pass
            at = data.find(beginning, at + 1)


def pictures_in(pdf: bytes) -> Iterator[Image.Image]:
    """Every picture in a PDF: carved out of the file, of what its streams unpack to, and its image objects of plain samples."""
    yield from carved(pdf)
    for stream in streams(pdf):
        if stream.get("/Subtype") == "/Image" and stream.get("/Filter") == "/FlateDecode":
            mode = {"/DeviceRGB": "RGB", "/DeviceGray": "L"}.get(str(stream["/ColorSpace"]), "RGB")
            size = int(stream["/Width"]), int(stream["/Height"])
            if len(stream.data) == size[0] * size[1] * len(mode):
                yield Image.frombytes(mode, size, stream.data).convert("RGB")
        elif stream.get("/Filter") == "/FlateDecode":
            yield from carved(stream.data)


def shows(picture: Image.Image, colour: tuple[int, int, int], tolerance: int = 45) -> bool:
    """Whether any pixel of the picture is near this colour."""
    apart = ImageChops.difference(picture, Image.new("RGB", picture.size, colour)).split()
    near = None
    for one in apart:
        mask = one.point(lambda value: 255 if value <= tolerance else 0)
        near = mask if near is None else ImageChops.multiply(near, mask)
    assert near is not None
    return near.getextrema()[1] > 0
