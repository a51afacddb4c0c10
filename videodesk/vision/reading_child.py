"""The limited child process that looks at pictures of strangers. It runs as a file of its own, knows nothing of the rest and no Qt.

`reading_child.py look MEMORY_BYTES` decodes pictures and reads codes (Pillow, zxing-cpp); `reading_child.py ocr MEMORY_BYTES` reads printed
text (rapidocr); `reading_child.py privacy MEMORY_BYTES MODEL` finds faces and places with text (privacy_child.py beside this file). Over its stdin and stdout go frames: four bytes of length (big endian), then that many bytes. A job is a frame of JSON
{"op", "cpu_s", …} and a frame with the picture; the answer is a frame of JSON {"problem": null | code, …} and a frame with bytes. When it is
ready for the first job it says so with an empty frame. It ends when its stdin does.

Its limits: memory (address space), CPU seconds a job, no file may be opened or written any more, no core. Where the platform has no
`resource` module only the parent's deadline holds.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

Answer = tuple[dict[str, Any], bytes]
Op = Callable[[dict[str, Any], bytes], Answer]
Array = NDArray[np.uint8]

_MAX_CODES: Final = 32
_MAX_TEXT: Final = 512  # characters of a code that are passed on
_MAX_LINES: Final = 200
_HANDY_PX: Final = 1600  # the longest side at which codes are looked for first
_OCR_SIDE_PX: Final = 2400
_ORIENTATION: Final = 0x0112


def _resource() -> ModuleType | None:
    try:
        return importlib.import_module("resource")
    except ImportError:  # Windows
        return None


resource: Final = _resource()


def main() -> int:
    """Load everything, take limits, then jobs until the end of input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the parent, whose end closes stdin
    if hasattr(os, "nice"):
        os.nice(10)  # a call goes on meanwhile
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a library that prints must not talk into the answers
    ops = {"look": look_ops, "ocr": ocr_ops, "privacy": privacy_ops}[sys.argv[1]]()
    take_limits(int(sys.argv[2]))
    write_frame(answers, b"")
    answers.flush()
    while (job := read_frame(jobs)) is not None:
        picture = read_frame(jobs)
        if picture is None:
            break
        answer, body = do_job(ops, json.loads(job), picture)
        write_frame(answers, json.dumps(answer).encode())
        write_frame(answers, body)
        answers.flush()
    return 0


def take_limits(memory_bytes: int) -> None:
    """Give up what the work does not need; the hard limits make it final."""
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        resource.setrlimit(kind, (0, 0))


def do_job(ops: dict[str, Op], job: dict[str, Any], picture: bytes) -> Answer:
    """The answer, or {"problem": code}."""
    if resource is not None:  # the soft limit moves along with what earlier jobs used; past it the kernel ends this process
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + job["cpu_s"], resource.RLIM_INFINITY))
    try:
        return ops[job["op"]](job, picture)
    except MemoryError:
        return {"problem": "picture.too_heavy"}, b""
    except Exception:  # noqa: BLE001 - whatever a library raises on foreign bytes means that they are no sound picture
        return {"problem": "picture.broken"}, b""


# ── look ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def look_ops() -> dict[str, Op]:
    """Decoding and codes, every codec loaded: no file opens later."""
    import zxingcpp

    load_codecs()
    zxingcpp.read_barcodes(np.full((16, 16), 255, np.uint8))
    return {"luma": _luma, "codes": _codes, "luma_codes": _luma_codes}


def load_codecs() -> None:
    """Use every codec once: no file opens later."""
    Image.init()
    for kind in ("JPEG", "PNG", "WEBP"):
        sample = io.BytesIO()
        Image.new("RGB", (8, 8)).save(sample, kind)
        decode({"format": kind, "width_px": 8, "height_px": 8}, sample.getvalue(), 4)


def decode(job: dict[str, Any], picture: bytes, side_px: int = 0, mode: str = "L") -> Array:
    """All of the picture by the named format only, upright, its longest side at most `side_px` (0: its own size)."""
    with Image.open(io.BytesIO(picture), formats=[job["format"]]) as opened:
        if opened.size != (job["width_px"], job["height_px"]):
            message = "not the size its header said"
            raise ValueError(message)
        orientation = opened.getexif().get(_ORIENTATION)
        if side_px and opened.format == "JPEG":
            opened.draft("L" if mode == "L" else "RGB", (side_px, side_px))
        opened.load()
        image: Image.Image = opened
        if image.mode.startswith("I"):  # 16 bits a channel
            image = image.convert("I").point(lambda value: value / 256).convert("L")
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert(mode)
        if side_px and max(image.size) > side_px:
            image.thumbnail((side_px, side_px), Image.Resampling.BOX, reducing_gap=2.0)
        if orientation is not None:
            image.getexif()[_ORIENTATION] = orientation
            image = ImageOps.exif_transpose(image)
        return np.ascontiguousarray(np.asarray(image, dtype=np.uint8))


def _luma(job: dict[str, Any], picture: bytes) -> Answer:
    plane = decode(job, picture, job["side_px"])
    return {"problem": None, "width_px": plane.shape[1], "height_px": plane.shape[0]}, plane.tobytes()


def _codes(job: dict[str, Any], picture: bytes) -> Answer:
    return {"problem": None, "codes": find_codes(decode(job, picture))}, b""


def _luma_codes(job: dict[str, Any], picture: bytes) -> Answer:
    plane = np.frombuffer(picture, np.uint8).reshape(job["height_px"], job["width_px"])
    return {"problem": None, "codes": find_codes(plane)}, b""


def find_codes(plane: Array) -> list[dict[str, Any]]:
    """Codes by text and format, largest first: at a handy size, at full size, and when there was none in the picture turned by 45 degrees.

    Bars are found along rows and columns only; codes of squares at any angle.
    """
    image, scale = plane, max(1.0, max(plane.shape) / _HANDY_PX)
    if scale > 1:
        small = Image.fromarray(plane)
        small.thumbnail((_HANDY_PX, _HANDY_PX), Image.Resampling.BOX)
        image = np.ascontiguousarray(np.asarray(small, dtype=np.uint8))
    codes = _scan(image, scale) + (_scan(plane, 1.0) if scale > 1 else [])
    if not codes:
        turned = np.ascontiguousarray(np.asarray(Image.fromarray(image).rotate(45, Image.Resampling.BILINEAR, expand=True, fillcolor=128), dtype=np.uint8))
        codes = _turned_back(_scan(turned, 1.0), turned.shape, image.shape, scale)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for code in codes:
        found.setdefault((code["format"], code["text"]), code)
    return sorted(found.values(), key=lambda code: -code["size"])[:_MAX_CODES]


def _turned_back(codes: list[dict[str, Any]], turned: tuple[int, ...], upright: tuple[int, ...], scale: float) -> list[dict[str, Any]]:
    for code in codes:
        corners = []
        for x, y in code["corners"]:
            across, down = (x - turned[1] / 2) * 0.5**0.5, (y - turned[0] / 2) * 0.5**0.5
            corners.append((round((upright[1] / 2 + across - down) * scale), round((upright[0] / 2 + across + down) * scale)))
        code["corners"] = corners
    return codes


def _scan(plane: Array, scale: float) -> list[dict[str, Any]]:
    import zxingcpp

    codes = []
    for code in zxingcpp.read_barcodes(plane):
        if not code.valid or not code.text:
            continue
        at = code.position
        corners = [(round(point.x * scale), round(point.y * scale)) for point in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]
        across, down = (max(axis) - min(axis) for axis in zip(*corners, strict=True))
        codes.append({"text": code.text[:_MAX_TEXT], "format": code.format.name, "corners": corners, "size": across * across + down * down})
    return codes


# ── ocr ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ocr_ops() -> dict[str, Op]:
    """Printed text; the models are loaded and run once, so that no file opens later."""
    from rapidocr import RapidOCR

    engine = RapidOCR(params={
        "Global.log_level": "critical",
        "EngineConfig.onnxruntime.intra_op_num_threads": 2,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
    })

    def texts(job: dict[str, Any], picture: bytes) -> Answer:
        image = decode(job, picture, _OCR_SIDE_PX, "RGB")
        scale = max(job["width_px"], job["height_px"]) / max(image.shape[:2])
        with contextlib.redirect_stdout(sys.stderr):
            result = engine(image[:, :, ::-1])
        lines = [] if result.txts is None else [
            {"text": str(text)[:_MAX_TEXT], "confidence": float(score), "corners": [[round(float(x) * scale), round(float(y) * scale)] for x, y in box]}
            for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True)]
        return {"problem": None, "lines": lines[:_MAX_LINES]}, b""

    load_codecs()
    sample = Image.new("RGB", (320, 120), "white")
    ImageDraw.Draw(sample).text((20, 40), "SN 123456", fill="black", font_size=32)
    picture = io.BytesIO()
    sample.save(picture, "PNG")
    texts({"format": "PNG", "width_px": 320, "height_px": 120}, picture.getvalue())  # every model once
    return {"texts": texts}


# ── privacy ────────────────────────────────────────────────────────────────────────────────────────────────────────


def privacy_ops() -> dict[str, Op]:
    """Faces and places with text. This file runs alone, in isolation: its neighbour is loaded by its path."""
    path = Path(__file__).with_name("privacy_child.py")
    spec = importlib.util.spec_from_file_location("privacy_child", path)
    assert spec is not None
    assert spec.loader is not None
    neighbour = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(neighbour)
    ops: dict[str, Op] = neighbour.privacy_ops(Path(sys.argv[3]).read_bytes())
    return ops


# ── frames ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame, None at the end of input."""
    head = source.read(4)
    if len(head) < 4:
        return None
    (size_bytes,) = struct.unpack(">I", head)
    body = source.read(size_bytes)
    return body if len(body) == size_bytes else None


def write_frame(target: BinaryIO, body: bytes) -> None:
    """Write a frame; the caller flushes."""
    target.write(struct.pack(">I", len(body)))
    target.write(body)


if __name__ == "__main__":
    sys.exit(main())
