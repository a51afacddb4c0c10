"""Clips and recordings of a call: what was received goes to the disk as it was received."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Final

from videodesk.calls.capture_ports import ClipFacts, RecordingState
from videodesk.core.clock import Clock
from videodesk.media.tap import SenderReport, SoundUnit, Tap, VideoUnit
from videodesk.media.tape import EARLY_S, Piece
from videodesk.media.timeline import SOUND_RATE, VIDEO_RATE, SenderClocks, lay_out
from videodesk.media.writing import Parts, Run, trouble_of

MAX_CLIP_S: Final = 600.0
FLUSH_EVERY_S: Final = 5.0
CONSENT_ENDED: Final = "recording.consent_ended"


class CallRecorder:
    """A Recorder on a call's tap. `units` gives what the ring holds, in the order in which it came; in any thread.

    What the tap tells comes in the engine's loop; the port's methods in any thread.
    """

    def __init__(self, clock: Clock, tap: Tap, units: Callable[[], Sequence[VideoUnit | SoundUnit]],
                 wall: Callable[[float], datetime]) -> None:
        """`wall` says what the wall clock showed at a moment of the monotonic one."""
        self._clock = clock
        self._tap = tap
        self._units = units
        self._wall = wall
        self._clocks = SenderClocks()
        self._allowed_since_s: float | None = None
        self._run: Run | None = None
        self._leave = tap.add(self)

    # ── the tap ───────────────────────────────────────────────────────────────────────────────────────────────────

    def video(self, unit: VideoUnit) -> None:
        self._clocks.video.note(unit.rtp_time, unit.received_at_s)
        run = self._run
        if run is not None and run.is_going:
            at_s = self._clocks.video.at_s(unit.rtp_time)
            run.put(_picture(unit, unit.received_at_s if at_s is None else at_s))

    def sound(self, unit: SoundUnit) -> None:
        at_s: float | None = unit.received_at_s
        if unit.side == "customer":
            if unit.payload is not None:
                self._clocks.sound.note(unit.rtp_time, unit.received_at_s)
            at_s = self._clocks.sound_at_s(unit.rtp_time)
        run = self._run
        if run is not None and run.is_going and unit.payload is not None and at_s is not None:
            run.put(Piece(at_s, unit.payload, unit.side))

    def report(self, report: SenderReport) -> None:
        clock = self._clocks.video if report.kind == "video" else self._clocks.sound
        clock.report(report.rtp_time, report.ntp_s)

    # ── the port ──────────────────────────────────────────────────────────────────────────────────────────────────

    def allow(self, is_allowed: bool) -> None:
        """What consent to recording says from now on; without it a running recording ends. On hold the tap is shut."""
        if is_allowed and self._allowed_since_s is None:
            self._allowed_since_s = self._clock.monotonic()
        elif not is_allowed:
            self._allowed_since_s = None
            if self._run is not None:
                self._run.end(CONSENT_ENDED)

    def keep_last(self, seconds: float, path: Path) -> ClipFacts | None:
        allowed_s = self._allowed_since_s
        if allowed_s is None:
            return None
        units = [unit for unit in self._units() if unit.received_at_s >= allowed_s]
        pieces = newest(pieces_of(units, self._clocks.reported_skew_s), min(seconds, MAX_CLIP_S))
        if not pieces:
            return None
        parts = Parts(path, self._wall)
        try:
            try:
                flushed_s = pieces[0].at_s  # piece by piece: what waits for the mix stays short
                for piece in pieces:
                    parts.put(piece)
                    if piece.at_s - flushed_s > FLUSH_EVERY_S:
                        flushed_s = piece.at_s
                        parts.flush(flushed_s)
                parts.end()
            finally:
                parts.close()
            return parts.finish()
        except OSError as error:
            for part in parts.paths:
                part.unlink(missing_ok=True)
            raise trouble_of(error) from error

    def start(self, path: Path) -> None:
        if self._run is not None and self._run.is_going:
            return
        self._clocks.settle()
        self._run = Run(Parts(path, self._wall), self._clock)
        if self._allowed_since_s is None:
            self._run.end(CONSENT_ENDED)
        self._tap.ask_keyframe()

    def stop(self) -> ClipFacts | None:
        run = self._run
        if run is None:
            return None
        run.end()
        facts = run.result()
        self._run = None
        return facts

    def state(self) -> RecordingState:
        run = self._run
        if run is None:
            return RecordingState()
        return RecordingState(is_recording=run.is_going, since=run.since, size_bytes=run.size_bytes, problem=run.problem)

    def close(self) -> None:
        """No more comes; a running recording is finished by its thread. Never waits; idempotent."""
        self._leave()
        self._allowed_since_s = None
        if self._run is not None:
            self._run.end()


def _picture(unit: VideoUnit, at_s: float) -> Piece:
    return Piece(at_s, unit.data, codec=unit.codec, is_key=unit.is_key, is_whole=unit.is_whole)


def pieces_of(units: Sequence[VideoUnit | SoundUnit], skew_s: float) -> list[Piece]:
    """What the ring holds on one clock, in order; the customer's sound `skew_s` later than its arrival says."""
    pictures = [unit for unit in units if isinstance(unit, VideoUnit)]
    sounds = [unit for unit in units if isinstance(unit, SoundUnit)]
    heard = [unit for unit in sounds if unit.side == "customer"]
    found = [_picture(unit, at_s) for unit, at_s in zip(pictures, _laid_out(pictures, VIDEO_RATE), strict=True)]
    found += [Piece(at_s + skew_s, unit.payload, unit.side)
              for unit, at_s in zip(heard, _laid_out(heard, SOUND_RATE), strict=True) if unit.payload is not None]
    found += [Piece(unit.received_at_s, unit.payload, unit.side)
              for unit in sounds if unit.side == "agent" and unit.payload is not None]
    return sorted(found, key=lambda piece: piece.at_s)


def newest(pieces: Sequence[Piece], seconds: float) -> list[Piece]:
    """The newest `seconds` of pictures with their sound, from the keyframe before that on (else the first one)."""
    pictures = [piece for piece in pieces if not piece.side]
    keys = [piece.at_s for piece in pictures if piece.is_key]
    if not keys:
        return []
    wanted_s = pictures[-1].at_s - seconds
    begin_s = max((at_s for at_s in keys if at_s <= wanted_s), default=keys[0])
    return [piece for piece in pieces if piece.at_s >= begin_s - (EARLY_S if piece.side else 0.0)]


def _laid_out(units: Sequence[VideoUnit | SoundUnit], rate: int) -> list[float]:
    return list(accumulate(lay_out([(unit.rtp_time, unit.received_at_s) for unit in units], rate), max))
