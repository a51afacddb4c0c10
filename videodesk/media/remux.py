"""What becomes of a recording's file when it ends, or when it is found after a crash: a file to seek in, made by copying packets.

`<name>.recording` (see matroska.py) becomes `<name>.webm` (VP8) or `<name>.mp4` (H.264): written beside it, synced, renamed, and only
then is the first one removed. A crash anywhere leaves the one or the other, or both: doing it again gives the same file.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import av

from videodesk.calls.capture_ports import ClipFacts
from videodesk.core.clock import iso
from videodesk.core.errors import DeskError, Invalid, OutOfSpace, WorldError
from videodesk.media.frames import encode_jpeg, to_bgr
from videodesk.media.matroska import scan

RECORDING: Final = ".recording"
CLIPS: Final = (".webm", ".mp4")
PICTURES: Final = "VIDEODESK_PICTURES"
"""Tag: how many pictures there are, codec and largest size (`VP8 1280 720`), whether all is of evidence grade."""
TRACKS: Final = "TRACKS"
"""Tag: the numbers of the tracks in which there is something."""
DAMAGED: Final = "VIDEODESK_DAMAGED"
"""Tag: spans of pictures that are not of evidence grade, in ms from the begin: `1200-1900 5000-5100`."""
CAPTURED_AT: Final = "VIDEODESK_CAPTURED_AT"
"""Tag: the begin to the millisecond (MP4's own date has whole seconds)."""
POSTER_QUALITY: Final = 85

DISK_FULL: Final = "recording.disk_full"
DISK_FAILED: Final = "recording.disk_failed"

MediaType = Literal["video/webm", "video/mp4"]
_FORMATS: Final[dict[str, tuple[str, MediaType]]] = {"vp8": ("webm", "video/webm"), "h264": ("mp4", "video/mp4")}


def finish(recording: Path) -> ClipFacts | None:
    """Make the file to keep of a recording's; None (and no file left) when there is no picture in it.

    OutOfSpace("recording.disk_full") when it does not fit: the recording's own file stays and plays, and this can be done later.
    So it stays at WorldError("recording.disk_failed") and Invalid("clip.unreadable").
    """
    with recording.open("rb") as file:
        found = scan(file, recording.stat().st_size)
    if found is None or not found.clusters or not found.tags.get(TRACKS, "").startswith("1"):
        recording.unlink(missing_ok=True)
        return None
    try:
        os.truncate(recording, found.whole_bytes)
        clip = _remux(recording, found.begun_at, found.tags)
        recording.unlink(missing_ok=True)
        sync_folder(recording.parent)
    except (av.FFmpegError, OSError) as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise OutOfSpace(DISK_FULL) from error
        if isinstance(error, av.FFmpegError):
            raise Invalid("clip.unreadable") from error
        raise WorldError(DISK_FAILED) from error
    return facts_of(clip)


def recover(folder: Path) -> list[ClipFacts]:
    """Finish what was cut off in `folder`; gives all clips that lie there, oldest first, those too that were finished and never fetched.

    What cannot be finished now (no room) stays for the next time.
    """
    if not folder.is_dir():
        return []
    for leftover in folder.glob("*.unfinished"):
        leftover.unlink(missing_ok=True)
    for recording in sorted(folder.glob(f"*{RECORDING}")):
        with contextlib.suppress(DeskError):
            finish(recording)
    found: list[ClipFacts] = []
    for path in sorted([path for kind in CLIPS for path in folder.glob(f"*{kind}")]):
        with contextlib.suppress(Invalid):
            found.append(facts_of(path))
    return sorted(found, key=lambda facts: facts.captured_at)


@dataclass(frozen=True, slots=True)
class Words:
    """What a finished clip's file says of itself. `damaged`: spans of pictures that are not of evidence grade, in ms from its begin."""

    media_type: MediaType
    codec: str
    width_px: int
    height_px: int
    captured_at: datetime
    damaged: tuple[tuple[int, int], ...]


def words_of(container: Any) -> Words:
    """Read them; Invalid("clip.unreadable") when it is none of ours."""
    try:
        said = {key.upper(): value for key, value in container.metadata.items()}
        codec, width, height = said[PICTURES].split()
        pairs = [span.partition("-") for span in said.get(DAMAGED, "").split()]
        return Words(
            media_type=_FORMATS[container.streams.video[0].codec_context.name][1], codec=codec, width_px=int(width), height_px=int(height),
            captured_at=datetime.fromisoformat(said[CAPTURED_AT]), damaged=tuple((int(start), int(end)) for start, _, end in pairs))
    except (KeyError, ValueError, IndexError) as error:
        raise Invalid("clip.unreadable") from error


def facts_of(path: Path) -> ClipFacts:
    """A finished clip; Invalid("clip.unreadable") when it is none of ours or broken."""
    try:
        with av.open(str(path)) as container:
            words = words_of(container)
            poster = encode_jpeg(to_bgr(next(container.decode(container.streams.video[0]))), POSTER_QUALITY)
            return ClipFacts(
                path=path, media_type=words.media_type, width_px=words.width_px, height_px=words.height_px,
                duration_s=(container.duration or 0) / av.time_base, captured_at=words.captured_at,
                codec=words.codec, is_evidence_grade=not words.damaged, poster=poster)
    except (av.FFmpegError, OSError, StopIteration) as error:
        raise Invalid("clip.unreadable") from error


def part_path(base: Path, number: int) -> Path:
    """Where part `number` of a recording lies while it is written: `x.recording`, then `x_2.recording`."""
    return base.with_name(base.name + ("" if number == 1 else f"_{number}") + RECORDING)


def finish_parts(paths: Iterable[Path]) -> ClipFacts | None:
    """Finish each; the first in which there is something, the others in its `more`."""
    facts = [found for path in paths if (found := finish(path)) is not None]
    return replace(facts[0], more=tuple(facts[1:])) if facts else None


def _remux(recording: Path, begun_at: datetime, tags: dict[str, str]) -> Path:
    used = {int(number) for number in tags[TRACKS].split()}
    with av.open(str(recording), format="matroska") as source:
        file_format, _ = _FORMATS[source.streams.video[0].codec_context.name]
        made = recording.with_suffix(".unfinished")
        options = {} if file_format == "webm" else {"movflags": "faststart+use_metadata_tags+write_colr"}
        try:
            with made.open("wb+") as file:
                with av.open(file, "w", format=file_format, options=options) as target:
                    _copy(source, target, used, {
                        "creation_time": iso(begun_at), CAPTURED_AT: iso(begun_at), PICTURES: tags[PICTURES],
                        **({DAMAGED: tags[DAMAGED]} if tags.get(DAMAGED) else {})})
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            made.unlink(missing_ok=True)
            raise
    clip = recording.with_suffix("." + file_format)
    made.replace(clip)
    sync_folder(clip.parent)
    return clip


def _copy(source: Any, target: Any, used: set[int], words: dict[str, str]) -> None:
    streams: dict[int, Any] = {}
    for stream in source.streams:
        if stream.index + 1 in used:  # our tracks count from 1, FFmpeg's from 0
            streams[stream.index] = copied = target.add_stream_from_template(stream)
            copied.metadata.update(stream.metadata)
            copied.disposition = stream.disposition
    target.metadata.update(words)
    for packet in source.demux():
        copied = streams.get(packet.stream.index)
        if copied is not None and packet.dts is not None:
            packet.stream = copied
            target.mux(packet)


def sync_folder(folder: Path) -> None:
    """Names that were made or changed in it are on the disk when this returns (where the system knows that)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
