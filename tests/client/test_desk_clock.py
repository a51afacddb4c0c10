"""The desktop's clock follows the service and is never set back."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import httpx

from videodesk.client.desk_clock import DeskClock
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.core.clock import HandClock
from videodesk.core.errors import DeskError


class SetClock(HandClock):
    def set(self, by: timedelta) -> None:
        self._now += by


def test_setting_the_computers_clock_changes_nothing():
    system = SetClock()
    clock, begin = DeskClock(system), system.now()
    system.advance(10)
    system.set(timedelta(days=-3))
    assert clock.now() == begin + timedelta(seconds=10)
    system.set(timedelta(days=300))
    system.advance(1)
    assert clock.now() == begin + timedelta(seconds=11)


def test_the_services_time_counts_the_first_time_and_later_only_forward():
    system = HandClock()
    clock, begin = DeskClock(system), system.now()
    clock.hear(begin - timedelta(hours=2))
    assert clock.now() == begin - timedelta(hours=2)
    clock.hear(begin - timedelta(hours=9))
    clock.hear(begin - timedelta(hours=2, seconds=-2))  # whole seconds, and an answer that took a moment
    assert clock.now() == begin - timedelta(hours=2)
    clock.hear(begin + timedelta(hours=1))  # this computer slept
    system.advance(5)
    assert clock.now() == begin + timedelta(hours=1, seconds=5)


async def test_every_good_answer_tells_the_time():
    heard = []
    answers = [httpx.Response(200, headers={"Date": "Mon, 05 Jan 2026 09:00:00 GMT"}), httpx.Response(200, headers={"Date": "soon"}),
               httpx.Response(502, headers={"Date": "Mon, 05 Jan 1970 09:00:00 GMT"}), httpx.Response(200)]
    api = HttpDeskApi(open_client("http://desk.test", transport=httpx.MockTransport(lambda _: answers.pop(0))), heard=heard.append)
    for _ in range(4):
        with contextlib.suppress(DeskError):
            await api.info()
    assert [moment.isoformat() for moment in heard] == ["2026-01-05T09:00:00+00:00"]
    await api.close()
