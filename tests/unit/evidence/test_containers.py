"""What a clip's first structures say, for real files and for hostile bytes."""

from __future__ import annotations

import io
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videodesk.core.errors import DeskError, UnsupportedMedia
from videodesk.evidence.containers import sniff_clip
from videodesk.evidence.model import PictureFacts

BOUNDED = settings(max_examples=300, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


def clip(kind="webm", width=64, height=48, *, with_sound=True, options=None, frames=4):
    """A small clip as a real muxer writes it."""
    with tempfile.NamedTemporaryFile() as target, av.open(target.name, "w", format=kind, options=options or {}) as container:
        sound = container.add_stream("libopus" if kind in {"webm", "matroska"} else "aac", rate=48_000, layout="mono") if with_sound else None
        video = container.add_stream("libvpx" if kind in {"webm", "matroska"} else "libx264", rate=10)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame(width, height, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            for packet in video.encode(frame):
                container.mux(packet)
        if sound is not None:
            silence = av.AudioFrame(format="s16" if kind in {"webm", "matroska"} else "fltp", layout="mono", samples=sound.codec_context.frame_size or 960)
            silence.rate, silence.pts = 48_000, 0
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            for packet in sound.encode(silence):
                container.mux(packet)
            for packet in sound.encode(None):
                container.mux(packet)
        for packet in video.encode(None):
            container.mux(packet)
        container.close()
        return Path(target.name).read_bytes()


WEBM, MP4 = clip(), clip("mp4", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"})


@pytest.mark.parametrize(("kind", "options", "media_type"), [
    ("webm", {}, "video/webm"), ("webm", {"live": "1"}, "video/webm"), ("webm", {"cues_to_front": "1", "reserve_index_space": "2000"}, "video/webm"),
    ("mp4", {"movflags": "frag_keyframe+empty_moov"}, "video/mp4"), ("mp4", {"movflags": "faststart"}, "video/mp4"), ("mp4", {}, "video/mp4"),
])
@pytest.mark.parametrize("with_sound", [True, False])
def test_real_files(kind, options, media_type, with_sound):
    assert sniff_clip(clip(kind, 96, 80, options=options, with_sound=with_sound)) == PictureFacts(media_type, 96, 80)


def test_sound_alone_is_no_clip():
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as container:
        sound = container.add_stream("libopus", rate=48_000, layout="mono")
        silence = av.AudioFrame(format="s16", layout="mono", samples=960)
        silence.rate, silence.pts = 48_000, 0
        silence.planes[0].update(bytes(silence.planes[0].buffer_size))
        for packet in [*sound.encode(silence), *sound.encode(None)]:
            container.mux(packet)
    with pytest.raises(UnsupportedMedia, match=r"clip\.broken"):
        sniff_clip(target.getvalue())


@pytest.mark.parametrize(("data", "code"), [
    (b"", "clip.unknown_type"), (b"\xff\xd8\xff\xe0", "clip.unknown_type"), (clip("matroska"), "clip.unknown_type"), (WEBM[:40], "clip.broken"),
    (MP4[:40], "clip.broken"), (b"\x1aE\xdf\xa3", "clip.broken"), (b"\0\0\0\x08ftyp" * 5000, "clip.broken"), (b"\x1aE\xdf\xa3" + b"\0" * 99, "clip.broken"),
    (b"\x1aE\xdf\xa3" + b"\xff" * 99, "clip.unknown_type"),
])
def test_what_is_none(data, code):
    with pytest.raises(UnsupportedMedia) as caught:
        sniff_clip(data)
    assert caught.value.code == code


@BOUNDED
@given(sample=st.sampled_from([WEBM, MP4]), data=st.data())
def test_mutated_files_are_known_or_refused(sample, data):
    changed = bytearray(sample[:600])
    for _ in range(data.draw(st.integers(1, 20))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        facts = sniff_clip(bytes(changed))
    except DeskError:
        return
    assert 1 <= facts.width_px <= 16_384
    assert 1 <= facts.height_px <= 16_384


@BOUNDED
@given(body=st.binary(max_size=300), head=st.sampled_from([b"\x1aE\xdf\xa3", b"\0\0\0\x10ftypisom\0\0\0\0", b"\0\0\0\x08ftyp\0\0\0\x01moov", b""]))
def test_any_bytes(head, body):
    try:
        sniff_clip(head + body)
    except UnsupportedMedia:
        return
