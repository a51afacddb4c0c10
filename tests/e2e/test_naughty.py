"""Hostile names and chat lines: text on both screens, and nothing else."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import rows_of, start_call, until, words_come

pytestmark = pytest.mark.chromium
NAME = '<img src="/dev/zero">'
LINES = ("<b>vet</b><script>window.hacked = 1</script>", "javascript:alert(1) &amp; %n%s {0}", "\u202eomgekeerd\u202c \U0001f4a5 zalgo \u0336\u0334", "' OR 1=1; --")


def test_names_and_chat_are_shown_as_text(programs, customer):
    agent, anna = programs.with_own_service()
    running = start_call(agent, anna, customer, anna.case(NAME))
    page = customer.page
    assert NAME in agent.look("call.customer")["text"]
    customer.press("chat")
    for line in LINES:
        page.fill("#chat-text", line)
        page.locator("#chat-text").press("Enter")
        until(lambda line=line: any(line in row for row in rows_of(agent, "call.chat")),
              lambda: f"the line as it was typed; shown: {rows_of(agent, 'call.chat')}")
    agent.type("call.chat.field", LINES[0])
    agent.click("call.chat.send")
    until(lambda: page.locator("body").inner_text().count(LINES[0]) >= 2, lambda: f"the agent's line as text in the page: {page.locator('body').inner_text()!r} {agent.look('call.chat.field')} {rows_of(agent, 'call.chat')}")
    assert page.evaluate("window.hacked") is None
    assert page.locator("#page img").count() == 0
    running.frames_come()
    kept = running.snapshot()
    for screen in ("inbox", "cases"):
        agent.click(f"rail.{screen}")
        agent.wait(screen)
    rows = until(lambda: rows_of(agent, "cases.list"), "the case in the list")
    assert any(NAME in row for row in rows)
    agent.do("open", link=f"videodesk://case/{running.case['id']}")
    agent.wait("case.invite")
    assert agent.process.poll() is None
    assert kept["case_id"] == running.case["id"]
    words_come(page, LINES[0])
