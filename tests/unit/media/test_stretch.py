"""A little shorter or longer: the same pitch, no crack, and left alone where it would be heard."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.unit.media.spoken import voice
from videodesk.media.opus import FRAME, RATE
from videodesk.media.stretch import LONGEST, SHORTEST, lengthen, shorten


def tone(pitch: float, count: int = 4 * FRAME) -> np.ndarray:
    time = np.arange(count) / RATE
    return (8000 * np.sin(2 * np.pi * pitch * time) + 3000 * np.sin(4 * np.pi * pitch * time)).astype(np.int16)


@pytest.mark.parametrize("pitch", [90.0, 120.0, 187.0, 250.0, 380.0])
@pytest.mark.parametrize("change", [shorten, lengthen])
def test_a_voices_pitch_stays_and_nothing_cracks(pitch: float, change) -> None:
    block = tone(pitch)[:FRAME]
    out = change(block)
    period = RATE / pitch
    difference = abs(len(out) - len(block))
    assert difference >= SHORTEST
    assert abs(difference / period - round(difference / period)) < 0.03, "whole periods"
    steps = np.abs(np.diff(out.astype(int)))
    assert steps.max() <= 1.1 * np.abs(np.diff(block.astype(int))).max()


@pytest.mark.parametrize("change", [shorten, lengthen])
def test_silence_gives_way_and_noise_does_not(change) -> None:
    assert len(change(np.zeros(FRAME, np.int16))) != FRAME
    hiss = np.random.default_rng(1).normal(0, 4000, FRAME).astype(np.int16)
    assert change(hiss) is hiss


def test_speech_can_be_changed_often_enough_to_take_delay_back() -> None:
    said = voice(10.0)
    blocks = [said[at:at + FRAME] for at in range(0, len(said), FRAME)]
    gained = sum(len(block) - len(shorten(block)) for block in blocks)
    assert gained > 0.1 * len(said)


@settings(max_examples=100, deadline=None)
@given(arrays(np.int16, st.sampled_from([0, 1, 480, FRAME, 2 * FRAME])))
def test_shorter_is_never_longer_and_nothing_vanishes(block: np.ndarray) -> None:
    assert len(block) - LONGEST <= len(shorten(block)) <= len(block)
    assert len(block) <= len(lengthen(block)) <= len(block) + LONGEST
