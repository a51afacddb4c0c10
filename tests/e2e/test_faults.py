"""What breaks in the middle of a call, with real processes and kill -9: nothing that was promised is lost."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import rows_of, start_call, until, words_come

pytestmark = pytest.mark.chromium
KEPT = ("kept here", "sending", "in the case")


def chat_rows(agent):
    return rows_of(agent, "call.chat")


def tray(agent):
    return rows_of(agent, "call.tray")


def in_tray(agent, words=KEPT):
    return until(lambda: any(word in row for row in tray(agent) for word in words), lambda: f"{words} in the tray; it says {tray(agent)}")


def test_the_service_is_killed_and_started_again_during_a_call(programs, customer):
    service = programs.serve(("anna", "agent", "administrator"))
    anna = programs.person(service.url, "anna")
    running = start_call(programs.signed_in("anna", service), anna, customer)
    agent, page = running.agent, customer.page
    before = until(lambda: running.call["state"] == "connected" and running.call, "the call to be connected")
    agent.type("call.chat.field", "Voor de storing")
    agent.click("call.chat.send")
    words_come(page, "Voor de storing", "1")

    service.kill()
    running.frames_come(5)  # the picture goes on without the service
    agent.click("call.snapshot")  # (the key would go into the chat's field, where the person was typing)
    in_tray(agent, KEPT[:2])
    agent.type("call.chat.field", "Tijdens de storing")
    agent.click("call.chat.send")

    service.start()
    kept = until(lambda: anna.snapshots(running.case), "the snapshot of the outage to be in the case", within_s=90)
    until(lambda: running.call["state"] == "connected", lambda: f"the call to be connected again: {running.call}", within_s=90)
    assert running.call["id"] == before["id"]
    assert running.call["epoch"] == before["epoch"], "no connection was built anew"
    assert page.evaluate("window.peersMade") == 1, "the page keeps its peer"
    running.frames_come(3)
    customer.press("chat")
    words_come(page, "Tijdens de storing")
    words_come(page, "Voor de storing")
    page.fill("#chat-text", "Na de storing")
    page.locator("#chat-text").press("Enter")
    until(lambda: any("Na de storing" in row for row in chat_rows(agent)), lambda: f"the customer's line; the desktop shows {chat_rows(agent)}", within_s=90)
    assert running.snapshot()["call_id"] == before["id"]
    assert len(kept) == 1
    assert len(anna.snapshots(running.case)) == 2


def test_a_snapshot_kept_here_survives_the_end_of_everything(programs, customer):
    service = programs.serve(("anna", "agent", "administrator"))
    anna = programs.person(service.url, "anna")
    running = start_call(programs.signed_in("anna", service), anna, customer)
    service.kill()  # so that it is kept here and nowhere else
    running.agent.key("S", "call.video")
    in_tray(running.agent, KEPT[:2])
    running.agent.kill()
    service.start()
    again = programs.desktop("anna", "--service", service.url)
    again.wait("rail.inbox", within_s=90)
    kept = until(lambda: anna.snapshots(running.case), "the snapshot to be in the case", within_s=90)
    assert len(kept) == 1
    assert running.call["id"] == kept[0]["call_id"]


@pytest.mark.parametrize("moment", ["when the tray has it", "at once"])
def test_the_desktop_with_the_service_inside_is_killed_after_s(programs, running, moment):
    agent, case = running.agent, running.case
    port = running.anna.url.rpartition(":")[2]
    agent.key("S", "call.video")
    if moment == "at once":
        agent.look("call.video")  # the key has been delivered: commands are handled in order
        until(lambda: agent.look("call.tray")["rows"], "the snapshot to be on its way")
    else:
        in_tray(agent)
    agent.kill()
    again = programs.desktop("agent", "--host", "127.0.0.1", "--port", port)
    again.wait("rail.inbox", within_s=90)
    anna = programs.person(running.anna.url, "anna.de.vries")
    if moment == "at once":
        # Not yet promised: it may have come through or not, but whole, once, and the desk goes on.
        assert len(anna.snapshots(case)) <= 1
    else:
        kept = until(lambda: anna.snapshots(case), "the snapshot to be in the case", within_s=90)
        anna.original(kept[0])
        assert len(anna.snapshots(case)) == 1
    assert anna.post(f"/cases/{case['id']}/exports", {})["custody"]["is_intact"] is True


def test_two_desktops_press_accept_at_the_same_time(programs, customer):
    service = programs.serve(("anna", "agent", "administrator"), ("bram", "agent"))
    anna = programs.person(service.url, "anna")
    desks = [programs.signed_in(name, service) for name in ("anna", "bram")]
    case = anna.case()
    customer.join(anna.invite(case)["link"])
    for one in desks:
        one.wait("incoming.accept")
    for one in desks:  # the clicks are handled after the answers: both are on their way before either is done
        one.do("click", name="incoming.accept")
    until(lambda: sum(one.look("call.hang_up")["enabled"] and one.look("call.hang_up")["visible"] for one in desks) == 1, "one to have the call")
    until(lambda: anna.calls(case)[0]["state"] == "connected", "the call to be connected", within_s=90)
    loser, winner = sorted(desks, key=lambda one: one.look("call.hang_up")["visible"])
    winner.wait("call.snapshot", within_s=90)
    assert anna.calls(case)[0]["agent_name"].lower() == winner.name
    loser.wait("incoming.title", lambda seen: seen["visible"] and "ahead" in seen["text"], why="to say that a colleague was faster")
    assert not loser.look("call.hang_up")["visible"]
