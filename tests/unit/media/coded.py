"""Coded frames of the drawn camera, as a call's tap tells them."""

from fractions import Fraction
from functools import lru_cache
from typing import Any

import av

from videodesk.media.frames import from_bgr
from videodesk.media.synthetic import DrawnCamera

FPS = 10
ENCODERS = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}),
    "H264": ("libx264", {"preset": "superfast", "tune": "zerolatency", "profile": "baseline"}),
}


@lru_cache
def coded(codec: str, count: int, interval: int, size: tuple[int, int] = (320, 180)) -> tuple[tuple[bytes, bool], ...]:
    """`count` frames, numbered from 0, with a keyframe each `interval` frames: data, is_key."""
    camera = DrawnCamera(*size)
    name, options = ENCODERS[codec]
    encoder: Any = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.bit_rate = *size, "yuv420p", 1_000_000
    encoder.time_base, encoder.framerate, encoder.gop_size, encoder.options = Fraction(1, FPS), Fraction(FPS), interval, options
    out = []
    for number in range(count):
        frame = from_bgr(camera.draw(number))
        frame.pts = number
        out += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    out += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]
    assert len(out) == count
    assert [number for number, (_, is_key) in enumerate(out) if is_key] == list(range(0, count, interval))
    return tuple(out)
