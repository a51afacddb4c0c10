"""What a picture is and how large, read from its header alone: nothing is decoded, so nothing can be blown up.

A 304-byte JPEG that claims 65,500 × 65,500 px would cost a decoder 13 GB; here it costs a few additions.
JPEG: ITU-T T.81 Annex B. PNG: W3C PNG (third edition) §5. WebP: RFC 9649 §2.
"""

from __future__ import annotations

import struct
from typing import Final

from videodesk.core.errors import TooLarge, UnsupportedMedia
from videodesk.evidence.model import MAX_PIXELS, PictureFacts

HEAD_BYTES: Final = 4 * 1024 * 1024  # metadata segments come before the size; phones put previews there
MAX_SIDE_PX: Final = 16_384

_JPEG_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive; cameras make no others
_JPEG_OTHER_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def sniff(head: bytes) -> PictureFacts:
    """The type and size that a picture's first bytes say.

    UnsupportedMedia("picture.unknown_type") for anything but JPEG, PNG and WebP, UnsupportedMedia("picture.broken") for a header
    that does not hold together, TooLarge("picture.too_many_pixels") past 50 megapixels or 16,384 px a side.
    """
    try:
        if head.startswith(b"\xff\xd8\xff"):
            media_type, (width_px, height_px) = "image/jpeg", _jpeg_size(head)
        elif head.startswith(_PNG_SIGNATURE):
            media_type, (width_px, height_px) = "image/png", _png_size(head)
        elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            media_type, (width_px, height_px) = "image/webp", _webp_size(head)
        else:
            raise UnsupportedMedia("picture.unknown_type")
    except (struct.error, IndexError) as problem:
        raise UnsupportedMedia("picture.broken") from problem
    if width_px < 1 or height_px < 1:
        raise UnsupportedMedia("picture.broken")
    if width_px * height_px > MAX_PIXELS or max(width_px, height_px) > MAX_SIDE_PX:
        raise TooLarge("picture.too_many_pixels", width_px=width_px, height_px=height_px, limit_pixels=MAX_PIXELS)
    return PictureFacts(media_type, width_px, height_px)


def _jpeg_size(head: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if head[at] != 0xFF:
            raise UnsupportedMedia("picture.broken")
        while head[at] == 0xFF:  # any number of fill bytes
            at += 1
        marker = head[at]
        at += 1
        if marker in _JPEG_BARE:
            continue
        (length,) = struct.unpack_from(">H", head, at)
        if marker in _JPEG_FRAMES:
            height_px, width_px = struct.unpack_from(">HH", head, at + 3)
            return width_px, height_px
        # 0xD9 ends the picture and 0xDA starts its scan: too early without a frame.
        if marker in _JPEG_OTHER_FRAMES or marker in {0x00, 0xD8, 0xD9, 0xDA} or length < 2:
            raise UnsupportedMedia("picture.broken")
        at += length


def _png_size(head: bytes) -> tuple[int, int]:
    length, kind, width_px, height_px = struct.unpack_from(">I4sII", head, len(_PNG_SIGNATURE))
    if (length, kind) != (13, b"IHDR"):
        raise UnsupportedMedia("picture.broken")
    return width_px, height_px


def _webp_size(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width_px, height_px = struct.unpack_from("<HH", head, 26)
        return width_px & 0x3FFF, height_px & 0x3FFF
    if kind == b"VP8L" and head[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise UnsupportedMedia("picture.broken")
