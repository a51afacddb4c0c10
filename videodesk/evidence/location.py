"""Takes the place out of a picture's metadata and changes nothing else: same length where the format allows, pixels and all other tags alike.

What is found: the GPS IFD of EXIF (TIFF 6.0 §2, CIPA DC-008 §4.6.6) and the GPS properties of XMP (ISO 16684-1), in JPEG (APP1, also of
embedded pictures and previews), PNG (eXIf, iTXt, the older "Raw profile" texts) and WebP (RFC 9649); and the place that a moving picture
behind a JPEG carries. Place names that a person typed, and makers' own undocumented notes, are not looked for.
Hostile input: nothing raises, nothing takes more than time and memory in proportion to the bytes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from videodesk.evidence.gps_ifd import blank_gps

_JPEG_APP1: Final = re.compile(
    rb"\xff\xe1(..)(Exif\x00[\x00\xff]|http://ns\.adobe\.com/xap/1\.0/\x00|http://ns\.adobe\.com/xmp/extension/\x00)", re.DOTALL)
_MOVING_PLACE: Final = re.compile(rb"\xa9xyz\x00[\x08-\x40]..([+-][0-9]{2}\.[0-9]+[+-][0-9]{2,3}\.[0-9]+[^\x00/]*)", re.DOTALL)
_EXTENSION_HEAD: Final = 40  # GUID, full length, offset
_ATTRIBUTE: Final = re.compile(rb"\s[A-Za-z_][\w.\-]{0,64}:(?i:gps)\w{0,64}\s{0,64}=\s{0,64}(?:\"[^\"<]*\"|'[^'<]*')")
_ELEMENT: Final = re.compile(rb"<([A-Za-z_][\w.\-]{0,64}:(?i:gps)\w{0,64})(?:\s[^<>]*?)?(/?)>")
_MAX_UNCLOSED: Final = 256
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_TEXT_BYTES: Final = 16 * 1024 * 1024
_RAW_PROFILE: Final = re.compile(rb"Raw profile type (?:exif|APP1|xmp)", re.IGNORECASE)


def without_location(data: bytes, media_type: str) -> bytes | None:
    """The picture without the place in its metadata; None when there is none in it."""
    if media_type == "image/jpeg":
        # Most have nothing to take out, and the customer waits: look before copying megabytes.
        if b"\xff\xe1" not in data and b"\xa9xyz" not in data:
            return None
        work = bytearray(data)
        return bytes(work) if _jpeg(data, work) else None
    if media_type == "image/webp":
        work = bytearray(data)
        return bytes(work) if _webp(work) else None
    return _png(data) if media_type == "image/png" else None


def _jpeg(data: bytes, work: bytearray) -> bool:
    """Every APP1 there is. In the picture's coded data no 0xFFE1 can be (ITU-T T.81 §B.1.1.5), so no pixel is taken for one."""
    is_found = False
    extensions: list[tuple[int, int, int]] = []
    for match in _found(_JPEG_APP1, data, b"\xff\xe1"):
        end = min(match.start() + 2 + int.from_bytes(match[1], "big"), len(work))
        if match[2].startswith(b"Exif"):
            is_found |= blank_gps(work, match.end(), end)
        elif b"extension" not in match[2]:
            is_found |= _blank_xmp(work, match.end(), end)
        elif end - match.end() > _EXTENSION_HEAD:
            (offset,) = struct.unpack_from(">I", work, match.end() + 36)
            extensions.append((offset, match.end() + _EXTENSION_HEAD, end))
    is_found |= _blank_extensions(work, extensions)
    for match in _found(_MOVING_PLACE, data, b"\xa9xyz"):
        zeros = re.sub(rb"[0-9]", b"0", match[1])
        is_found |= zeros != match[1]
        work[match.start(1):match.end(1)] = zeros
    return is_found


def _found(pattern: re.Pattern[bytes], data: bytes, begin: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of a pattern that begins with `begin`: searching for plain bytes is many times faster."""
    at = data.find(begin)
    while at >= 0:
        match = pattern.match(data, at)
        if match is not None:
            yield match
        at = data.find(begin, at + len(begin))


def _blank_extensions(work: bytearray, extensions: list[tuple[int, int, int]]) -> bool:
    """XMP that did not fit into one segment: put together, blanked, and put back where it came from."""
    pieces = sorted(extensions)
    whole = bytearray().join(work[start:end] for _, start, end in pieces)
    if not _blank_xmp(whole, 0, len(whole)):
        return False
    at = 0
    for _, start, end in pieces:
        work[start:end] = whole[at:at + end - start]
        at += end - start
    return True


def _webp(work: bytearray) -> bool:
    is_found = False
    at = 12
    while at + 8 <= len(work):
        kind, size = bytes(work[at:at + 4]), int.from_bytes(work[at + 4:at + 8], "little")
        start, end = at + 8, min(at + 8 + size, len(work))
        if kind == b"EXIF":
            is_found |= blank_gps(work, start + (6 if work[start:start + 4] == b"Exif" else 0), end)
        elif kind == b"XMP ":
            is_found |= _blank_xmp(work, start, end)
        at += 8 + size + size % 2
    return is_found


def _png(data: bytes) -> bytes | None:
    parts = [data[:8]]
    is_found = False
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + size]
        if at + 12 + size > len(data):
            break
        changed = _png_chunk(kind, body)
        if changed is None:
            parts.append(data[at:at + 12 + size])
        else:
            is_found = True
            parts.append(struct.pack(">I", len(changed)) + kind + changed + struct.pack(">I", zlib.crc32(kind + changed)))
        at += 12 + size
    return b"".join([*parts, data[at:]]) if is_found else None


def _png_chunk(kind: bytes, body: bytes) -> bytes | None:
    """The chunk's new body; None when nothing is to be changed in it."""
    if kind == b"eXIf":
        work = bytearray(body)
        return bytes(work) if blank_gps(work, 0, len(work)) else None
    keyword, separator, rest = body.partition(b"\x00")
    if not separator or not (keyword == b"XML:com.adobe.xmp" or _RAW_PROFILE.fullmatch(keyword)):
        return None
    head, is_packed = b"", kind == b"zTXt"
    if kind == b"iTXt":
        # flag, method, language, translated keyword
        second = rest.find(b"\x00", rest.find(b"\x00", 2) + 1)
        if second < 0:
            return None
        head, rest, is_packed = rest[:second + 1], rest[second + 1:], rest[:1] == b"\x01"
    elif kind == b"zTXt":
        head, rest = rest[:1], rest[1:]
    elif kind != b"tEXt":
        return None
    text = _unpacked(rest) if is_packed else rest
    changed = None if text is None else _text(keyword, text)
    return None if changed is None else keyword + b"\x00" + head + (zlib.compress(changed) if is_packed else changed)


def _unpacked(packed: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, _MAX_TEXT_BYTES)
    except zlib.error:
        return None
    return text if unpacker.eof else None


def _text(keyword: bytes, text: bytes) -> bytes | None:
    if keyword == b"XML:com.adobe.xmp":
        work = bytearray(text)
        return bytes(work) if _blank_xmp(work, 0, len(work)) else None
    # "\nexif\n    1234\n" and then the bytes as hexadecimal digits in lines.
    lines = text.split(b"\n", 3)
    digits = re.sub(rb"\s", b"", lines[-1])
    if len(lines) != 4 or re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", digits) is None:
        return None
    work = bytearray.fromhex(digits.decode())
    start = 6 if work[:4] == b"Exif" else 0
    if not (blank_gps(work, start, len(work)) or _blank_xmp(work, 0, len(work))):
        return None
    fresh = iter(work.hex().encode())
    body = bytes(byte if byte in b" \t\r\n" else next(fresh) for byte in lines[-1])
    return b"\n".join([*lines[:3], body])


def _blank_xmp(work: bytearray, start: int, end: int) -> bool:
    """Write blanks over the GPS properties of an XMP packet, whether they are attributes or elements."""
    is_found = False
    packet = bytes(work[start:end])
    for match in _ATTRIBUTE.finditer(packet):
        work[start + match.start() + 1:start + match.end()] = b" " * (match.end() - match.start() - 1)
        is_found = True
    at, unclosed = 0, 0
    while (found := _ELEMENT.search(packet, at)) is not None and unclosed < _MAX_UNCLOSED:
        at = found.end()
        if not found[2]:
            close = packet.find(b"</" + found[1], found.end())
            bracket = -1 if close < 0 else packet.find(b">", close)
            if bracket < 0:
                unclosed += 1
                continue
            at = bracket + 1
        work[start + found.start():start + at] = b" " * (at - found.start())
        is_found = True
    return is_found
