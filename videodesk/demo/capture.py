"""The play's second act: nothing is missed. Rewinding, the sharpest frame, the phone's own still, clips, labels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from videodesk.client.http import HttpDeskApi
from videodesk.core.vocabulary import SnapshotMethod, StillState
from videodesk.media.synthetic import PRODUCT_EAN

if TYPE_CHECKING:
    from videodesk.demo.play import Play
    from videodesk.protocol.resources import CaseView, SnapshotView

_SLOW_BYTES_S: Final = 60_000
_TRIES: Final = 5
_SECONDS_BACK: Final = 4
_RECORDED_MS: Final = 4_000
_VIDEO: Final = "call.video"


def rewind(play: Play) -> None:
    """The moment has passed: four seconds back, a snapshot of what was seen then, and back to now. The call goes on."""
    agent = play.desk()
    known = {shot.id for shot in play.snapshots()}
    for _ in range(_SECONDS_BACK):
        agent.key("Left", _VIDEO)
    agent.wait("call.rewind.when", lambda seen: bool(seen["visible"] and seen["text"]), why="to say when it was")
    play.screen(agent, "rewound")
    agent.key("S", _VIDEO)
    play.wait_until(lambda: any(shot.method is SnapshotMethod.REWOUND for shot in _new(play, known)), "the rewound frame to be in the case")
    agent.key("End", _VIDEO)
    play.screen(agent, "live-again")


def sharpest(play: Play) -> None:
    """The hand shakes: the sharper frame is proposed, X swaps it with the clicked one and with the still."""
    agent = play.desk()
    for _ in range(_TRIES):
        known = {shot.id for shot in play.snapshots()}
        agent.key("S", _VIDEO)
        play.wait_until(lambda known=known: bool(_new(play, known)), "the snapshot to be in the case")  # type: ignore[misc]
        shot = _settled(play, _new(play, known)[-1].id)
        if any(one.method is SnapshotMethod.SHARPEST for one in shot.originals):
            break
    play.screen(agent, "sharpest")
    before = shot.leading
    agent.key("X", _VIDEO)
    play.wait_until(lambda: _shot(play, shot.id).leading != before, "the other original to stand for the snapshot")
    play.screen(agent, "swapped")


def still(play: Play) -> None:
    """The phone's own photo comes over a slow line while the call goes on, and takes the frame's place."""
    agent = play.desk()
    known = {shot.id for shot in play.snapshots()}
    with _slow_line(play):
        agent.key("S", _VIDEO)
        play.wait_until(lambda: bool(_new(play, known)), "the frame to be in the case")
        play.wait_until(lambda: play.customer.page.evaluate("() => document.body.innerText.includes('%')"), "the page to say how far the photo is")
        play.screen(agent, "still-arriving")
        play.screen(play.customer, "photo-on-its-way")
    shot = _settled(play, _new(play, known)[-1].id)
    if shot.still is not StillState.ARRIVED:
        raise AssertionError(shot)
    play.screen(agent, "still-arrived")


def clips(play: Play) -> None:
    """The last seconds are kept; then a recording, which the customer sees."""
    agent = play.desk()
    agent.key("K", _VIDEO)
    play.wait_until(lambda: len(_clips(play)) == 1, "the clip to be in the case", within_s=60)
    agent.key("Shift+R", _VIDEO)
    agent.wait("call.recording", lambda seen: bool(seen["visible"]), why="to say that it records")
    play.customer.page.wait_for_timeout(_RECORDED_MS)
    play.screen(agent, "recording")
    play.screen(play.customer, "recorded")
    agent.key("Shift+R", _VIDEO)
    play.wait_until(lambda: len(_clips(play)) == 2, "the recording to be in the case", within_s=60)
    play.screen(agent, "clips")


def label(play: Play) -> None:
    """The sticker's bar code offers itself; E puts it into the case."""
    agent = play.desk()
    for _ in range(_TRIES):
        agent.key("L", _VIDEO)
        with contextlib.suppress(Exception):
            agent.wait("call.offer.text", lambda seen: PRODUCT_EAN in seen["text"], within_s=3, why="to offer the EAN")
            break
    agent.wait("call.offer.text", lambda seen: PRODUCT_EAN in seen["text"], why="to offer the EAN")
    play.screen(agent, "label")
    agent.key("E", _VIDEO)
    play.wait_until(lambda: _case(play).ean == PRODUCT_EAN, "the EAN to be in the case")


def checks(record: dict[str, Any]) -> dict[str, bool]:
    """What the record must say of this act."""
    shots = record["snapshots"]
    methods = {one["method"] for shot in shots for one in shot["originals"]}
    rewound = [one for shot in shots for one in shot["originals"] if one["method"] == "rewound"]
    stills = [one for shot in shots for one in shot["originals"] if one["method"] == "take_photo"]
    return {
        "every way of capturing was used": {"frame", "sharpest", "rewound", "take_photo", "clip"} <= methods,
        "the rewound frame has its own time": all(one["captured_at"] < one["stored_at"] for one in rewound),
        "the phone's photo is larger than the video": bool(stills) and all(one["width_px"] > 1280 for one in stills),
        "the EAN is in the case": record["case"]["ean"] == PRODUCT_EAN,
    }


@contextlib.contextmanager
def _slow_line(play: Play) -> Iterator[None]:
    line = play.customer.context.new_cdp_session(play.customer.page)
    line.send("Network.enable")

    def limit(upload_bytes_s: int) -> None:
        line.send("Network.emulateNetworkConditions",
                  {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload_bytes_s})

    limit(_SLOW_BYTES_S)
    try:
        yield
    finally:
        limit(-1)
        line.detach()


def _settled(play: Play, snapshot_id: str) -> SnapshotView:
    play.wait_until(lambda: _shot(play, snapshot_id).still is not StillState.AWAITED, "the phone's photo to be in the case", within_s=40)
    return _shot(play, snapshot_id)


def _shot(play: Play, snapshot_id: str) -> SnapshotView:
    return next(shot for shot in play.snapshots() if shot.id == snapshot_id)


def _new(play: Play, known: set[str]) -> list[SnapshotView]:
    return [shot for shot in play.snapshots() if shot.id not in known]


def _clips(play: Play) -> list[SnapshotView]:
    return [shot for shot in play.snapshots() if shot.method is SnapshotMethod.CLIP]


def _case(play: Play) -> CaseView:
    async def get(api: HttpDeskApi) -> CaseView:
        return await api.case(play.case_id)

    found: CaseView = play.ask(get)
    return found
