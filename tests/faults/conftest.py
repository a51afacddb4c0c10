"""What the walks found, for the end of the run."""

from __future__ import annotations

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
        told = ", ".join(f"{one['life']} {one['points']}" for one in walked if one["kind"] == kind)
        terminalreporter.write_line(f"faults: {kind:7} {told}")
    problems = [problem for one in walked for problem in one["problems"]]
    counts = {word: sum(f": {word}" in problem for problem in problems) for word in WORDS}
    terminalreporter.write_line(
        f"faults: {sum(one['points'] for one in walked)} points walked, {counts['lost']} lost, {counts['doubled']} doubled, "
        f"{counts['half']} half-written, {counts['false']} states false")
