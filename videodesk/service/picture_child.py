"""The limited child process that decodes pictures of foreign origin. It runs as a file of its own and knows nothing of the rest.

Over its stdin and stdout go frames: four bytes of length (big endian), then that many bytes. A job is a frame of JSON
{"format", "width_px", "height_px", "side_px", "cpu_s"} and a frame with the picture; the answer is a frame of JSON {"problem": null | code}
and a frame with the thumbnail (JPEG, upright). It ends when its stdin does.

Its limits: memory (address space), CPU seconds per job, no file may be opened or written, no core. Where the platform has no
`resource` module only the parent's deadline holds.
"""

from __future__ import annotations

import importlib
import io
import json
import struct
import sys
from types import ModuleType
from typing import Any, BinaryIO, Final

from PIL import Image, ImageOps


def _resource() -> ModuleType | None:
    try:
        return importlib.import_module("resource")
    except ImportError:  # Windows
        return None


resource: Final = _resource()


def main() -> int:
    """Take limits, then jobs until the end of input."""
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    Image.init()
    for kind in ("JPEG", "PNG", "WEBP"):  # load every codec now: no file opens later
        sample = io.BytesIO()
        Image.new("RGB", (8, 8)).save(sample, kind)
        make_thumbnail(sample.getvalue(), {"format": kind, "width_px": 8, "height_px": 8, "side_px": 4})
    take_limits(int(sys.argv[1]))
    while (job := read_frame(jobs)) is not None:
        picture = read_frame(jobs)
        if picture is None:
            break
        problem, thumbnail = do_job(json.loads(job), picture)
        write_frame(answers, json.dumps({"problem": problem}).encode())
        write_frame(answers, thumbnail)
        answers.flush()
    return 0


def take_limits(memory_bytes: int) -> None:
    """Give up what decoding does not need; the hard limits make it final."""
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        resource.setrlimit(kind, (0, 0))


def do_job(job: dict[str, Any], picture: bytes) -> tuple[str | None, bytes]:
    """The problem's code, or None and the thumbnail."""
    if resource is not None:  # the soft limit moves along with what earlier jobs used; past it the kernel ends this process
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + job["cpu_s"], resource.RLIM_INFINITY))
    try:
        return None, make_thumbnail(picture, job)
    except MemoryError:
        return "picture.too_heavy", b""
    except Exception:  # noqa: BLE001 - whatever a decoder raises on foreign bytes means that they are no sound picture
        return "picture.broken", b""


def make_thumbnail(picture: bytes, job: dict[str, Any]) -> bytes:
    """Decode all of the picture by the named format only; its upright thumbnail as JPEG."""
    with Image.open(io.BytesIO(picture), formats=[job["format"]]) as opened:
        if opened.size != (job["width_px"], job["height_px"]):
            message = "not the size its header said"
            raise ValueError(message)
        # A JPEG is decoded at the nearest eighth, quarter or half: every byte is read all the same, in a fraction of the time.
        opened.draft(None, (2 * job["side_px"], 2 * job["side_px"]))
        opened.load()
        image: Image.Image = opened
        if image.mode.startswith("I"):  # 16 bits a channel
            image = image.convert("I").point(lambda value: value / 256).convert("L")
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image.thumbnail((job["side_px"], job["side_px"]), Image.Resampling.LANCZOS, reducing_gap=2.0)
        orientation = opened.getexif().get(0x0112)
        if orientation is not None:
            image.getexif()[0x0112] = orientation
            image = ImageOps.exif_transpose(image)
        if image.mode == "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        answer = io.BytesIO()
        image.convert("RGB").save(answer, "JPEG", quality=85, exif=b"")
        return answer.getvalue()


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
