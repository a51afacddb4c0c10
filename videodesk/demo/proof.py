"""The play's last act: what it proves. The panel, the package, and an outsider who checks it without us and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from videodesk.client.http import HttpDeskApi
from videodesk.core.clock import SystemClock
from videodesk.core.errors import WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import Language, PackageState, SealVerdict
from videodesk.protocol.resources import PackageIn, PackageView, SealRoot, SnapshotIntegrity

if TYPE_CHECKING:
    from videodesk.demo.play import Play

ROOT_FILE: Final = "desk-root.pem"
_WITHIN_S: Final = 60
_EVIDENCE_TAB: Final = 1
_HANDOVER_TAB: Final = 2
_WITHIN_MS: Final = 60_000


def panel(play: Play) -> None:
    """What is proven of a snapshot, in words, on the case screen; every original of the play is genuine and in an intact log."""
    agent = play.desk()
    agent.do("choose", name="case.tabs", row=_EVIDENCE_TAB)
    agent.wait("case.snapshots", lambda seen: bool(seen["visible"] and seen["rows"]), why="to show the evidence")
    agent.do("choose", name="case.snapshots", row=0)
    agent.wait("case.proof.open", within_s=30)
    play.screen(agent, "case.snapshots")
    agent.click("case.proof.open")
    agent.wait("proof.done")
    play.screen(agent, "proof")
    agent.click("proof.done")
    agent.do("choose", name="case.tabs", row=_HANDOVER_TAB)
    agent.wait("case.package.make")
    play.screen(agent, "handover")

    async def look(api: HttpDeskApi) -> list[SnapshotIntegrity]:
        return [await api.integrity(shot.id) for shot in await api.snapshots(play.case_id)]

    found: list[SnapshotIntegrity] = play.ask(look)
    doubted = [f"{one.original_id}: {one.verdict.value}" for each in found for one in each.originals if one.verdict is not SealVerdict.GENUINE]
    if doubted or not all(each.log_is_intact for each in found):
        raise WorldError("demo.record_wrong", what="; ".join(doubted) or "the custody log")


def package(play: Play) -> Path:
    """The evidence package and the root's certificate, as files; its path."""
    async def order(api: HttpDeskApi) -> tuple[PackageView, SealRoot]:
        body = PackageIn(id=new_id(SystemClock().now()), language=Language(play.language))
        return await api.build_package(play.case_id, body), await api.seal_root()

    view, root = play.ask(order)

    async def again(api: HttpDeskApi) -> PackageView:
        return await api.package(view.id)

    play.wait_until(lambda: play.ask(again).state is not PackageState.BUILDING, "the package to be built", within_s=_WITHIN_S)
    view = play.ask(again)
    if view.state is not PackageState.READY:
        raise WorldError("demo.record_wrong", what=f"the package: {view.code}")
    path: Path = play.out / view.file_name

    async def save(api: HttpDeskApi) -> None:
        await api.save_package(view, path)

    play.ask(save)
    (play.out / ROOT_FILE).write_text(root.root_pem, encoding="ascii")
    return path


def check(play: Play, path: Path) -> None:
    """`videodesk verify` on the package, with the root pinned: genuine; and not green without a pin."""
    answer = _verify(path, "--root", str(play.out / ROOT_FILE))
    (play.out / "verdict.json").write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if answer["verdict"] != SealVerdict.GENUINE.value:
        raise WorldError("demo.record_wrong", what=f"videodesk verify: {answer['verdict']}")


def look(play: Play, path: Path) -> None:
    """verify.html of the package in a browser, from disk, with the network off."""
    page_file = play.work / "verify.html"
    with zipfile.ZipFile(path) as bag:
        name = next(name for name in bag.namelist() if name.endswith("verify.html"))
        page_file.write_bytes(bag.read(name))
    context = play.customer.context
    page = context.new_page()
    try:
        context.set_offline(True)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(page_file.as_uri())
        page.wait_for_selector("body[data-state=done]", timeout=_WITHIN_MS)
        play.shots += 1
        page.screenshot(path=str(play.out / "screens" / f"{play.shots:02d}-outsider-verify.png"))
    finally:
        context.set_offline(False)
        page.close()


def _verify(path: Path, *more: str) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "videodesk", "verify", "--json", *more, str(path)], capture_output=True, text=True, check=False, timeout=_WITHIN_S)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as problem:
        raise WorldError("demo.record_wrong", what=f"videodesk verify: {done.stderr[-300:]}") from problem
    if (done.returncode == 0) is not SealVerdict(answer["verdict"]).is_good:
        raise WorldError("demo.record_wrong", what="videodesk verify: its exit code")
    return answer
