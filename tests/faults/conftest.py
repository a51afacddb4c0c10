"""What the walks found, for the end of the run."""

from __future__ import annotations

from collections import Counter

import pytest

WALKED = pytest.StashKey[list[dict]]()
WORDS = ("lost", "doubled", "half", "false")


def pytest_configure(config):
    config.stash[WALKED] = []


@pytest.fixture
def walked(pytestconfig):
    """Where a walk notes its counts: life, kind, points, problems."""
    return pytestconfig.stash[WALKED]


def pytest_terminal_summary(terminalreporter, config):
    walked = config.stash.get(WALKED, [])
    if not walked:
        return
    for kind in dict.fromkeys(one["kind"] for one in walked):
        lives = Counter()
        for one in walked:
            lives[one["life"]] += one["points"] * (one["kind"] == kind)
        told = ", ".join(f"{life} {points}" for life, points in lives.items() if points)
        terminalreporter.write_line(f"faults: {kind:7} {told}")
    problems = [problem for one in walked for problem in one["problems"]]
    counts = {word: sum(f": {word}" in problem for problem in problems) for word in WORDS}
    terminalreporter.write_line(
        f"faults: {sum(one['points'] for one in walked)} points walked, {counts['lost']} lost, {counts['doubled']} doubled, "
        f"{counts['half']} half-written, {counts['false']} states false")
