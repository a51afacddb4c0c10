"""Sound before picture: what both sides do on a line that cannot carry both, and that the page and the desk do the same."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.media.yielding import FULL, LONGEST_WAIT_S, STEPS, begin, judge

PAGE = Path(__file__).parents[2] / "resources" / "join" / "sound_first.js"
RUNNER = Path(__file__).parent / "yielding_runner.mjs"
EVERY_S = 0.5


def steps_of(expected_bps, samples):
    line = begin(0.0, expected_bps)
    out = [line.step]
    for at_s, rtt_s, available_bps, lost, hears, speaks in samples:
        line = judge(line, at_s, rtt_s=rtt_s, available_bps=available_bps, lost_share=lost, hears=hears, speaks=speaks)
        out.append(line.step)
    return out


def some_lines(count, seed):
    """Lines that wander between good, narrow and choked; whole milliseconds, so that both languages count alike."""
    chance = random.Random(seed)
    lines = []
    for _ in range(count):
        samples, rtt, room, speaks, silent = [], 0.05, 2_000_000, True, 0
        for turn in range(160):
            if chance.random() < 0.06:
                rtt, room = chance.choice([0.05, 0.3, 0.6, 2.0]), chance.choice([60_000, 120_000, 200_000, 3_000_000])
            heard = round(rtt * chance.uniform(0.9, 1.2), 3) if chance.random() < 0.7 else None
            speaks = speaks if chance.random() < 0.95 else not speaks
            if chance.random() < 0.02:
                silent = 12
            silent -= 1
            heard = None if silent > 0 else heard
            samples.append((turn * EVERY_S, heard, room if chance.random() < 0.9 else None, round(chance.choice([0, 0, 0.05, 0.5]), 2), silent <= 0 and chance.random() < 0.5, speaks))
        lines.append((chance.choice([None, 90_000, 400_000, 9_000_000]), samples))
    return lines


def test_the_page_and_the_desk_take_the_same_steps():
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed: the page's side is not checked")
    lines = some_lines(60, 4)
    given_lines = [{"expectedBps": expected, "samples": [
        {"nowMs": at * 1000, "rttMs": None if rtt is None else rtt * 1000, "availableBps": room, "lostShare": lost, "hears": hears, "speaks": speaks}
        for at, rtt, room, lost, hears, speaks in samples]}
        for expected, samples in lines]
    done = subprocess.run([program, str(RUNNER), str(PAGE)], input=json.dumps(given_lines), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    ours = [steps_of(*line) for line in lines]
    assert json.loads(done.stdout) == ours
    assert {step for line in ours for step in line} == set(range(FULL + 1)), "the lines visit every step"


class Pipe:
    """A link of a rate with 64 kB of queue; sound takes 58 kbit/s of it, the picture what its step says and a tenth more."""

    def __init__(self, rate_bps):
        self.rate_bps, self.queue_bits, self.estimate_bps = rate_bps, 0.0, 2_500_000.0

    def pass_time(self, step, seconds):
        picture = 0 if step == 0 else max(30_000, min(STEPS[step].bps, self.estimate_bps - 32_000))
        wanted = 58_000 + 1.1 * picture
        self.queue_bits = min(64 * 8192, max(0.0, self.queue_bits + (wanted - self.rate_bps) * seconds))
        # What a browser's estimator does: falls fast when the queue grows, rises slowly, not far beyond what is sent
        if self.queue_bits > 0.2 * self.rate_bps:
            self.estimate_bps = max(30_000, min(self.estimate_bps, self.rate_bps) * 0.85)
        else:
            self.estimate_bps = min(self.estimate_bps * 1.08 + 1000, max(150_000, 1.5 * wanted), 3_000_000)

    @property
    def rtt_s(self):
        return 0.05 + self.queue_bits / self.rate_bps


def drive(pipe, line, seconds, at_s):
    rtts, steps = [], []
    for turn in range(int(seconds / EVERY_S)):
        pipe.pass_time(line.step, EVERY_S)
        line = judge(line, at_s + turn * EVERY_S, rtt_s=pipe.rtt_s if turn % 2 else None, available_bps=pipe.estimate_bps)
        rtts.append(pipe.rtt_s)
        steps.append(line.step)
    return line, rtts, steps


@pytest.mark.parametrize("rate_bps", [70_000, 100_000, 130_000])
def test_on_a_narrow_line_the_queue_empties_and_stays_small_and_stills_go_on(rate_bps):
    pipe = Pipe(rate_bps)
    line, _, _ = drive(pipe, begin(0.0), 60, 0.0)
    _, rtts, steps = drive(pipe, line, 120, 60.0)
    assert sorted(rtts)[int(0.9 * len(rtts))] < (0.6 if rate_bps >= 100_000 else 2.0), "sound is seldom late"
    assert sum(step == FULL for step in steps) < 0.1 * len(steps)
    if rate_bps >= 100_000:
        assert sum(step > 0 for step in steps) > 0.6 * len(steps), "there is room for stills"


@pytest.mark.parametrize("rate_bps", [300_000, 800_000, 5_000_000])
def test_a_line_that_carries_a_picture_is_left_to_the_estimator(rate_bps):
    _, _, steps = drive(Pipe(rate_bps), begin(0.0), 60, 0.0)
    assert sum(step == FULL for step in steps[20:]) > 0.8 * len(steps[20:])


def test_when_the_line_is_wide_again_the_picture_comes_back():
    pipe = Pipe(100_000)
    line, _, _ = drive(pipe, begin(0.0), 30, 0.0)
    assert line.step < FULL
    pipe.rate_bps = 5_000_000
    line, _, steps = drive(pipe, line, LONGEST_WAIT_S + 30, 30.0)
    assert line.step == FULL
    assert steps.index(FULL) * EVERY_S <= LONGEST_WAIT_S + 20


def test_after_a_cut_the_picture_is_as_it_was_at_once_and_after_a_queue_it_is_not():
    for rtt_s, step in ((0.05, FULL), (3.0, 0)):
        line = begin(0.0)
        for turn in range(10):
            line = judge(line, turn * EVERY_S, rtt_s=0.05)
        for turn in range(10, 20):
            line = judge(line, turn * EVERY_S, rtt_s=None)
        assert line.step == 0, "nothing is heard"
        assert judge(line, 10.0, rtt_s=rtt_s).step == step


def test_who_says_nothing_is_not_taken_for_cut_off_and_always_sends_something():
    line = begin(0.0)
    for turn in range(40):
        line = judge(line, turn * EVERY_S, rtt_s=None, speaks=False)
    assert line.step == FULL
    for turn in range(40, 60):
        line = judge(line, turn * EVERY_S, rtt_s=None, speaks=True)
    assert line.step == 0
    line = judge(line, 31.0, rtt_s=3.0)
    assert line.step == 0, "there is a queue"
    assert judge(line, 31.5, rtt_s=None, speaks=False).step > 0


def test_what_is_known_of_the_line_beforehand_decides_where_it_begins():
    assert begin(0.0).step == FULL
    assert begin(0.0, 9e6).step == FULL
    assert begin(0.0, 95_000).step == 1
    assert begin(0.0, 0).step == 1, "a still now and then is always tried"
    assert STEPS[begin(0.0, 200_000).step].bps == 120_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0.02, 5), st.none() | st.floats(0.001, 10), st.none() | st.floats(0, 1e7), st.floats(0, 1)), max_size=60))
def test_it_never_moves_up_without_a_calm_while_and_by_one_step_where_no_rate_is_known(samples):
    line, now_s, wrong_at_s = begin(0.0), 0.0, 0.0
    for after_s, rtt_s, room, lost in samples:
        now_s += after_s
        before = line
        line = judge(before, now_s, rtt_s=rtt_s, available_bps=room, lost_share=lost)
        if before.deaf_from is not None:
            continue
        assert 0 <= line.step <= FULL
        assert line.step <= before.step + 1 or room is not None
        if lost >= 0.4:
            wrong_at_s = now_s
        if line.step > before.step:
            assert now_s - wrong_at_s >= 3.0
        assert 3.0 <= line.wait_s <= LONGEST_WAIT_S
