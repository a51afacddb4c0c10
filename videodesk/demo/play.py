"""The play: what each person does, in order. Everything goes through the programs' own screens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from videodesk.client.http import HttpDeskApi, open_client
from videodesk.core.errors import DeskError, WorldError
from videodesk.core.people import Role
from videodesk.core.vocabulary import ReviewState, StillState
from videodesk.demo.customer import Customer
from videodesk.demo.remote import Remote, free_port, screen_environment
from videodesk.demo.steps import Steps
from videodesk.protocol.resources import PersonIn, SignInIn, SnapshotView

AGENT: Final = "Anna de Vries"
SUPERVISOR: Final = "Saskia Bos"
CUSTOMER: Final = "Karin Jansen"
_ITEM: Final = "damage"
_SETTLE_MS: Final = 400
_WORDS: Final = "De beschadiging graag van dichterbij, met een pen of munt erbij."


class Asker:
    """A signed-in person's questions to the service, asked from a loop in a thread of its own."""

    def __init__(self, url: str, sign_in: SignInIn) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="asker", daemon=True)
        self._thread.start()
        self._api = HttpDeskApi(open_client(url))
        self._run(self._api.sign_in(sign_in))

    def ask(self, question: Callable[[HttpDeskApi], Coroutine[Any, Any, Any]]) -> Any:
        """The answer, or what the service raised."""
        return self._run(question(self._api))

    def close(self) -> None:
        """Say goodbye; a service that is gone already does not matter."""
        with suppress(DeskError):
            self._run(self._api.sign_out())
        self._run(self._api.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@dataclass
class Play:
    """The state of the play."""

    out: Path
    work: Path
    steps: Steps
    customer: Customer
    language: str = "en"
    theme: str = "light"
    port: int = field(default_factory=free_port)
    agent: Remote | None = None
    supervisor: Remote | None = None
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    case_id: str = ""
    link: str = ""
    shots: int = 0
    asker: Asker | None = None

    @property
    def url(self) -> str:
        """The desk service inside the agent's app."""
        return f"http://127.0.0.1:{self.port}"

    def screen(self, who: Remote | Customer, name: str) -> None:
        """Keep a screenshot, numbered in order, once what was just asked for had a moment to arrive."""
        self.customer.page.wait_for_timeout(_SETTLE_MS)
        self.shots += 1
        side = "customer" if isinstance(who, Customer) else who.name
        file = self.out / "screens" / f"{self.shots:02d}-{side}-{name}.png"
        if isinstance(who, Customer):
            who.shot(file)
        else:
            who.grab(file)

    def keep_failure(self) -> None:
        """What each side showed when a step failed, as far as it can still be had."""
        for who in (self.agent, self.supervisor, self.customer):
            if who is not None:
                with contextlib.suppress(Exception):  # it may be what failed
                    self.screen(who, "failed")

    # ── the agent's side ───────────────────────────────────────────────────────────────────────────────────────

    def open_desk(self) -> None:
        """The agent's desktop with its own service; the first account is made in the wizard."""
        self.agent = self._desktop("agent", ["--host", "127.0.0.1", "--port", str(self.port), "--synthetic-media"])
        self.agent.wait("entry.next")
        self.screen(self.agent, "wizard")
        self.agent.click("entry.next")
        self.agent.type("entry.display_name", AGENT)
        self.agent.type("entry.password", self.password)
        self.screen(self.agent, "account")
        self.agent.click("entry.create")
        self.agent.wait("rail.inbox")
        self.screen(self.agent, "inbox-empty")

    def hire_supervisor(self) -> None:
        """A second person, made over the API by the first one, who is an administrator too."""
        async def hire(api: HttpDeskApi) -> None:
            await api.add_person(PersonIn(name="saskia", display_name=SUPERVISOR, roles=[Role.SUPERVISOR], password=self.password))

        self.ask(hire)

    def open_case(self) -> None:
        """A new damage claim, in the agent's own screens."""
        agent = self.desk()
        agent.click("rail.cases")
        self.screen(agent, "cases-empty")
        agent.click("cases.new")
        agent.wait("new_case.create")
        agent.do("choose", name="new_case.kind", data="parcel")
        agent.type("new_case.customer_name", CUSTOMER)
        agent.type("new_case.product", "Koffiezetapparaat")
        agent.type("new_case.order_number", "NL-48-2207")
        self.screen(agent, "new-case")
        agent.click("new_case.create")
        agent.wait("case.invite")
        self.screen(agent, "case")

    def invite(self) -> None:
        """Link, code and QR."""
        agent = self.desk()
        agent.click("case.invite")
        self.link = agent.wait("invitation.link", lambda seen: "#" in seen["text"], why="to have a link")["text"]
        self.screen(agent, "invitation")
        agent.click("invitation.done")

    def accept(self) -> None:
        """The banner rings; the agent accepts, and the picture comes."""
        agent = self.desk()
        agent.wait("incoming.accept")
        self.screen(agent, "incoming")
        agent.click("incoming.accept")
        agent.wait("call.snapshot", within_s=30, why="to be possible (the picture is there)")
        self.customer.page.wait_for_function("document.querySelector('video') !== null")

    def snapshot(self, name: str) -> None:
        """S, and the snapshot is in the case."""
        agent = self.desk()
        before = len(self.snapshots())
        agent.key("S", "call.video")
        self.wait_until(lambda: len(self.snapshots()) > before, "the snapshot to be in the case")
        self.wait_until(lambda: self.snapshots()[-1].still is not StillState.AWAITED, "the phone's photo to be in the case", within_s=60)
        agent.wait("call.tray", lambda seen: bool(seen["visible"] and (seen["rows"] or 0) > before), why="to show the snapshot")
        self.screen(agent, name)

    def retake(self) -> None:
        """Once the supervisor's words are on the agent's screen, S again: it answers the request."""
        self.desk().wait("call.banner.text", lambda seen: bool(seen["visible"] and _WORDS[:12] in seen["text"]), why="to show the supervisor's words")
        self.snapshot("retake")

    def choose_item(self) -> None:
        """The next snapshot is of the damage."""
        agent = self.desk()
        self.screen(agent, "call")
        row = 5  # the damage, close up
        agent.wait("call.checklist", lambda seen: (seen["rows"] or 0) > row, why="to show what is to be seen")
        agent.do("choose", name="call.checklist", row=row)

    def annotate(self) -> None:
        """An arrow at the damage; the address on the label is nobody's business."""
        agent = self.desk()
        agent.do("choose", name="call.tray", row=0)
        agent.key("Return", "call.tray")
        size = agent.wait("annotate.canvas")["size"]
        agent.wait("annotate.tool.arrow")

        def at(x: float, y: float) -> list[int]:
            # Positions as shares of the picture, which is fitted into the canvas with its aspect kept.
            width, height = size
            scale = min(width / 1280, height / 720)
            return [round(width / 2 + (x - 0.5) * 1280 * scale), round(height / 2 + (y - 0.5) * 720 * scale)]

        agent.key("A", "annotate.canvas")
        agent.do("drag", name="annotate.canvas", path=[at(0.12, 0.30), at(0.20, 0.42), at(0.30, 0.55)])
        agent.key("B", "annotate.canvas")
        agent.do("drag", name="annotate.canvas", path=[at(0.54, 0.44), at(0.60, 0.55), at(0.70, 0.63)])
        self.wait_until(lambda: (agent.look("annotate.marks")["rows"] or 0) >= 2, "two marks to be in the list")
        agent.click("annotate.save")
        self.wait_until(lambda: any(shot.rendition is not None and shot.rendition.has_redaction for shot in self.snapshots()),
                        "the redacted rendition to be in the case")
        self.screen(agent, "annotate")
        agent.click("shell.back")
        agent.wait("call.snapshot")

    def hang_up(self) -> None:
        """Hang up, wrap-up, done."""
        agent = self.desk()
        agent.click("call.hang_up")
        agent.wait("call.wrap_up.evidence_incomplete")
        agent.click("call.wrap_up.evidence_incomplete")
        self.screen(agent, "wrap-up")
        agent.click("call.wrap_up.done")
        agent.wait("call.wrap_up.done", lambda seen: not seen["visible"], why="to be gone")

    def look_around(self) -> None:
        """The screens that the play did not come by."""
        agent = self.desk()
        for name in ("inbox", "cases", "review", "settings"):
            agent.click(f"rail.{name}")
            agent.wait(name)
            self.screen(agent, name)
        agent.do("open", link=f"videodesk://case/{self.case_id}")
        agent.wait("case.invite")
        self.screen(agent, "case-after")
        agent.key("Ctrl+K", "case")
        agent.wait("palette.search")
        self.screen(agent, "palette")
        agent.key("Escape", "palette.search")

    def compare(self) -> None:
        """The first snapshot beside the retake of it: side by side, swiped, through each other."""
        agent = self.desk()
        agent.do("open", link=f"videodesk://case/{self.case_id}")
        agent.do("choose", name="case.tabs", row=1)
        agent.wait("case.snapshots", lambda seen: bool(seen["visible"] and seen["rows"]), why="to show the evidence")

        def is_chosen() -> bool:  # the case may be loaded anew meanwhile: a person would choose again, too
            for row in (0, 1):  # a clip, which cannot be compared, may be the first: it began before the first snapshot
                agent.do("choose", name="case.snapshots", row=row)
                if agent.look("case.compare")["enabled"]:
                    return True
            return False

        self.wait_until(is_chosen, "a picture to be chosen")
        agent.click("case.compare")
        agent.wait("compare.stage")
        for mode in ("side", "swipe", "onion"):
            agent.click(f"compare.{mode}")
            self.screen(agent, f"compare-{mode}")
        agent.click("shell.back")
        agent.wait("case.invite")

    # ── the supervisor's side ──────────────────────────────────────────────────────────────────────────────────

    def supervisor_arrives(self) -> None:
        """A second desktop, signed in to the first one's service."""
        self.supervisor = self._desktop("supervisor", ["--service", self.url, "--synthetic-media"])
        self.supervisor.type("sign_in.name", "saskia", within_s=60)
        self.supervisor.type("sign_in.password", self.password)
        self.screen(self.supervisor, "sign-in")
        self.supervisor.click("sign_in.submit")
        self.supervisor.click("rail.review")
        self.supervisor.wait("review.sheet", lambda seen: bool(seen["visible"] and seen["rows"]), why="to show the snapshot")
        self.screen(self.supervisor, "review")

    def request_retake(self) -> None:
        """R, words, sent."""
        supervisor = self._supervisor()
        supervisor.do("choose", name="review.sheet", row=0)
        supervisor.key("Return", "review.sheet")
        supervisor.wait("review.stage")
        self.screen(supervisor, "review-large")
        supervisor.click("review.retake")
        supervisor.type("review.comment", _WORDS)
        self.screen(supervisor, "retake-words")
        supervisor.key("Ctrl+Return", "review.comment")
        self.wait_until(lambda: self.snapshots()[0].review_state is ReviewState.RETAKE_REQUESTED, "the retake to be asked")

    def accept_retake(self) -> None:
        """The new snapshot comes up by itself; A accepts it."""
        supervisor = self._supervisor()
        supervisor.click("rail.review")
        supervisor.wait("review.sheet", lambda seen: bool(seen["visible"] and seen["rows"]), why="to show the retake")
        supervisor.do("choose", name="review.sheet", row=0)
        supervisor.key("Return", "review.sheet")
        supervisor.click("review.accept")
        self.wait_until(lambda: self.snapshots()[-1].review_state is ReviewState.ACCEPTED, "the retake to be accepted")
        self.screen(supervisor, "accepted")

    # ── asking the service ─────────────────────────────────────────────────────────────────────────────────────

    def find_case(self) -> None:
        """Learn the id of the case that the agent made."""
        async def find(api: HttpDeskApi) -> str:
            return (await api.cases()).items[0].id

        self.case_id = self.ask(find)

    def snapshots(self) -> list[SnapshotView]:
        """What is in the case."""
        async def get(api: HttpDeskApi) -> list[SnapshotView]:
            return await api.snapshots(self.case_id)

        found: list[SnapshotView] = self.ask(get)
        return found

    def keep_record(self) -> None:
        """case.json, the originals and the renditions as files; every file's digest is checked against the record."""
        async def fetch(api: HttpDeskApi) -> tuple[dict[str, Any], dict[str, bytes]]:
            record = await api.export_case(self.case_id)
            files: dict[str, bytes] = {}
            for shot in await api.snapshots(self.case_id):
                files[f"originals/{shot.id}.{_suffix(shot.media_type)}"] = await api.original(shot.id)
                if shot.rendition is not None:
                    files[f"renditions/{shot.rendition.id}.{_suffix(shot.rendition.media_type)}"] = await api.rendition(shot.rendition.id)
            return record, files

        record, files = self.ask(fetch)
        for name, data in files.items():
            path = self.out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (self.out / "case.json").write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def check_record(self, more: Callable[[dict[str, Any]], dict[str, bool]]) -> None:
        """The record says what the play did (`more`: of the other acts), and the files are the ones it names."""
        record = json.loads((self.out / "case.json").read_text(encoding="utf-8"))
        retake = next(shot for shot in record["snapshots"] if shot["retake_of"])
        first: dict[str, Any] = next((shot for shot in record["snapshots"] if shot["id"] == retake["retake_of"]), {})
        checks = {
            **more(record),
            "the first snapshot was asked again, the retake accepted": [one["decision"] for one in record["decisions"]] == ["retake_requested", "accepted"],
            "the retake names the first one": bool(first),
            "both belong to the damage": first.get("checklist_item") == retake["checklist_item"] == _ITEM,
            "the custody log is whole": record["custody"]["is_intact"] is True,
            "consent was given before": bool(record["consents"]) and record["consents"][0]["at"] <= min(shot["captured_at"] for shot in record["snapshots"]),
        }
        for shot in record["snapshots"]:
            file = next((self.out / "originals").glob(f"{shot['id']}.*"))
            checks[f"the file of {shot['id']} has its digest"] = sha256(file.read_bytes()).hexdigest() == shot["digest"]
        if wrong := [what for what, holds in checks.items() if not holds]:
            raise WorldError("demo.record_wrong", what="; ".join(wrong))

    def wait_until(self, holds: Callable[[], bool], why: str, within_s: float = 20.0) -> None:
        """Look again until it holds; the customer's page gets its turn meanwhile."""
        for _ in range(int(within_s / 0.1)):
            if holds():
                return
            self.customer.page.wait_for_timeout(100)
        raise WorldError("demo.waited", seconds=within_s, what=why)

    def close(self) -> None:
        """Everyone goes home."""
        if self.asker is not None:
            self.asker.close()
        for remote in (self.supervisor, self.agent):
            if remote is not None:
                remote.quit()

    def ask(self, question: Callable[[HttpDeskApi], Coroutine[Any, Any, Any]]) -> Any:
        """The service's answer to the agent."""
        # In a thread of its own: the browser's driver has a loop running in this one.
        if self.asker is None:
            self.asker = Asker(self.url, SignInIn(name="anna.de.vries", password=self.password, device="demo"))
        return self.asker.ask(question)

    def _desktop(self, name: str, arguments: list[str]) -> Remote:
        return Remote(name, ["--data-dir", str(self.work / name), "--language", self.language, "--theme", self.theme, *arguments],
                      self.work, screen_environment(self.work))

    def desk(self) -> Remote:
        """The agent's desktop."""
        if self.agent is None:
            raise WorldError("demo.waited", seconds=0, what="the agent")
        return self.agent

    def _supervisor(self) -> Remote:
        if self.supervisor is None:
            raise WorldError("demo.waited", seconds=0, what="the supervisor")
        return self.supervisor


def _suffix(media_type: str) -> str:
    return {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/webm": "webm", "video/mp4": "mp4"}[media_type]
