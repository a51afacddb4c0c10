"""Opus to samples with what the codec has against loss: concealment and in-band FEC (RFC 6716 §4.4, RFC 7587 §4.3).

FFmpeg's wrapper of libopus offers neither of the two (its `fec` only conceals), so we call the libopus that comes inside PyAV's
wheels; where a build of PyAV has none that can be opened, the system's, else FFmpeg's decoder with a fading echo for what is lost.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import av
import numpy as np
from numpy.typing import NDArray

RATE: Final = 48000
FRAME: Final = 960
MAX_FRAME: Final = 5760
"""120 ms: the longest packet (RFC 6716 §2.1.4)."""
Samples = NDArray[np.int16]


class OpusDecoder(Protocol):
    """One stream's decoder: mono, 48 kHz. Not thread-safe."""

    def decode(self, payload: bytes | None) -> Samples:
        """Samples of a payload, or 20 ms for one that was lost (None). What is no Opus counts as lost."""
        ...

    def conceal(self, samples: int) -> Samples:
        """`samples` (a multiple of 120, at most MAX_FRAME) that sound like what went before; silence after a while."""
        ...

    def recover(self, payload: bytes, samples: int) -> Samples:
        """The `samples` before `payload`, from the copy inside it where it has one, else concealed."""
        ...


def samples_in(payload: bytes) -> int:
    """How many samples a packet holds at 48 kHz (RFC 6716 §3.1); 0 for what is no packet."""
    if not payload:
        return 0
    config, code = payload[0] >> 3, payload[0] & 0x03
    if config < 12:
        each = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        each = (480, 960)[config & 1]
    else:
        each = (120, 240, 480, 960)[config & 3]
    if code == 3 and len(payload) < 2:
        return 0
    count = (1, 2, 2, payload[1] & 0x3F if code == 3 else 0)[code]
    return each * count if each * count <= MAX_FRAME else 0


def has_copy(payload: bytes) -> bool:
    """Whether a packet carries a copy of the one before it (in-band FEC); False where libopus cannot tell."""
    return _LIBRARY is not None and _TELLS_COPIES and _LIBRARY.opus_packet_has_lbrr(payload, len(payload)) == 1


class LibOpusDecoder:
    """OpusDecoder over libopus itself."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        problem = ctypes.c_int()
        self._state: int | None = library.opus_decoder_create(RATE, 1, ctypes.byref(problem))
        if not self._state or problem.value != 0:
            msg = f"opus_decoder_create: {problem.value}"
            raise OSError(msg)

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._library.opus_decoder_destroy(state)

    def decode(self, payload: bytes | None) -> Samples:
        if payload is None or samples_in(payload) == 0:
            return self.conceal(FRAME)
        out = self._call(payload, MAX_FRAME, is_fec=False)
        return out if len(out) else self.conceal(samples_in(payload))

    def conceal(self, samples: int) -> Samples:
        return self._call(None, samples, is_fec=False)

    def recover(self, payload: bytes, samples: int) -> Samples:
        out = self._call(payload, samples, is_fec=True)
        return out if len(out) == samples else self.conceal(samples)

    def _call(self, payload: bytes | None, samples: int, *, is_fec: bool) -> Samples:
        out = np.zeros(samples, dtype=np.int16)
        count = self._library.opus_decode(
            self._state, payload, len(payload) if payload is not None else 0, out.ctypes.data, samples, int(is_fec))
        return out[:max(0, count)]


class EchoingDecoder:
    """OpusDecoder over FFmpeg: what is lost becomes a fading echo of the last packet."""

    FADE = 0.5

    def __init__(self) -> None:
        self._decoder: Any = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate, self._decoder.layout, self._decoder.format = RATE, "stereo", "s16"
        self._last: Samples = np.zeros(FRAME, dtype=np.int16)

    def decode(self, payload: bytes | None) -> Samples:
        if payload is None:
            return self.conceal(FRAME)
        try:
            frames = self._decoder.decode(av.Packet(payload))
        except av.FFmpegError:
            frames = []
        parts = [frame.to_ndarray().reshape(-1, frame.layout.nb_channels).astype(np.float32).mean(axis=1).astype(np.int16) for frame in frames]
        if not parts:
            return self.conceal(FRAME)
        self._last = np.concatenate(parts)
        return self._last

    def conceal(self, samples: int) -> Samples:
        self._last = np.resize((self._last * self.FADE).astype(np.int16), samples)
        return self._last

    def recover(self, payload: bytes, samples: int) -> Samples:  # noqa: ARG002 - FFmpeg gives no way to the copy
        return self.conceal(samples)


def opus_decoder() -> OpusDecoder:
    """The best decoder that this machine has."""
    return LibOpusDecoder(_LIBRARY) if _LIBRARY is not None else EchoingDecoder()


def _libraries() -> Iterator[str]:
    packages = Path(av.__file__).parent
    for folder in (packages.parent / "av.libs", packages / ".dylibs", packages / "lib"):
        if folder.is_dir():
            yield from (str(path) for path in sorted(folder.iterdir()) if path.name.startswith(("libopus", "opus")) and "file" not in path.name)
    found = ctypes.util.find_library("opus")
    if found is not None:
        yield found


def _open() -> ctypes.CDLL | None:
    for path in _libraries():
        try:
            library = ctypes.CDLL(path)
            library.opus_decoder_create.restype = ctypes.c_void_p
            library.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
            library.opus_decoder_destroy.restype = None
            library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
            library.opus_decode.restype = ctypes.c_int
            library.opus_decode.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        except (OSError, AttributeError):
            continue
        return library
    return None


_LIBRARY: Final = _open()
_TELLS_COPIES: Final = hasattr(_LIBRARY, "opus_packet_has_lbrr")  # libopus 1.5 and later
