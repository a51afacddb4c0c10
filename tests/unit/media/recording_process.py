"""A process that records until it is killed or its disk is full: `python -m tests.unit.media.recording_process <path> <codec> <live|forever>`.

`live` in step with the clock, telling each picture's end and digest; `forever` as fast as the disk takes it, and what came of it as JSON.
"""

import hashlib
import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from tests.unit.media.material import FPS, Sender, agent_units, numbered_frames, packets, tone
from videodesk.core.clock import HandClock, SystemClock
from videodesk.media.recorder import CallRecorder
from videodesk.media.tap import Tap, VideoUnit


def main() -> None:
    path, codec, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    frames, customer, agent = numbered_frames(codec, 60), tone(440, 2), tone(700, 2)
    clock = SystemClock() if how == "live" else HandClock()
    tap = Tap()
    recorder = CallRecorder(clock, tap, list, lambda at_s: HandClock().now() + timedelta(seconds=at_s))
    recorder.allow(True)
    recorder.start(path)
    begun_s = clock.monotonic()
    for turn in range(10_000):
        written = recorder.state().size_bytes
        sender = Sender(begun_s + 2 * turn, 0, 0, video_base=turn * 180_000, sound_base=turn * 96_000)
        units = [*sender.units(codec, frames, customer), *agent_units(begun_s + 2 * turn, agent)]
        for unit in sorted(units, key=lambda unit: unit.received_at_s):
            if how == "live":
                time.sleep(max(0.0, unit.received_at_s - clock.monotonic()))
            elif recorder.state().is_recording:
                clock.advance(max(0.0, unit.received_at_s - clock.monotonic()))
            if isinstance(unit, VideoUnit):
                tap.put_video(unit.codec, unit.data, unit.rtp_time, unit.received_at_s, is_key=unit.is_key, is_whole=True)
                print(f"{unit.received_at_s - begun_s + 1 / FPS:.3f}", hashlib.sha256(unit.data).hexdigest(), flush=True)
            else:
                tap.put_sound(unit.side, unit.payload, unit.rtp_time, unit.received_at_s)
        while how != "live" and recorder.state().is_recording and recorder.state().size_bytes == written:
            time.sleep(0.01)
        if not recorder.state().is_recording:
            problem = recorder.state().problem
            facts = recorder.stop()
            files = sorted(found.name for found in path.parent.iterdir())
            print(json.dumps({"problem": problem, "pictures": len(packets(facts.path)[0]) if facts else 0, "files": files}))
            return


if __name__ == "__main__":
    main()
