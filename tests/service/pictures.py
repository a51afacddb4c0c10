"""Pictures for tests."""

from __future__ import annotations

import io

from PIL import Image


def picture(width: int = 64, height: int = 48, kind: str = "JPEG", colour: str = "teal", **options) -> bytes:
    """A small sound picture."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(target, kind, **options)
    return target.getvalue()


def noisy_picture(width: int, height: int, kind: str = "JPEG", **options) -> bytes:
    """A picture that does not compress well."""
    target = io.BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(target, kind, **options)
    return target.getvalue()


def claimed_jpeg(width: int, height: int) -> bytes:
    """A JPEG of some 600 bytes whose header claims another size."""
    sound = picture(8, 8)
    at = sound.index(b"\xff\xc0") + 5
    return sound[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + sound[at + 4:]


def claimed_png(width: int, height: int) -> bytes:
    """A PNG whose header claims another size (its checksum is right)."""
    import zlib
    sound = picture(8, 8, "PNG")
    header = sound[12:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + sound[24:29]
    return sound[:12] + header + zlib.crc32(header).to_bytes(4, "big") + sound[33:]
