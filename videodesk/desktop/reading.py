"""What is read on pictures: codes on every capture and, when asked, on the live picture; text (OCR) when asked. No Qt.

A serial number or an EAN is offered to the case's field; a person takes it over, never the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from videodesk.calls.capture_ports import FoundCode, FoundText, Vision
from videodesk.calls.ports import Luma
from videodesk.client.api import DeskApi
from videodesk.core.errors import Conflict, DeskError
from videodesk.desktop.calling import CallHost
from videodesk.desktop.offers import FoundTexts, Offer
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r

LIVE: Final = "live"
_MAX_CHARS: Final = 200
_BEFORE_S: Final = 0.9
_FIRST: Final = ("serial", "ean", "link", "other")


class Reading:
    """Reads in worker threads, offers on the screen. GUI thread."""

    def __init__(self, host: CallHost, api: DeskApi, tasks: Tasks, vision: Vision | None, failed: Callable[[DeskError], None]) -> None:
        self._host, self._api, self._tasks, self._vision, self._failed = host, api, tasks, vision, failed
        self._dismissed: set[tuple[str, str, str]] = set()

    @property
    def can_read_text(self) -> bool:
        """Whether OCR is installed."""
        return self._vision is not None and self._vision.texts is not None

    # codes
    def look_at(self, luma: Luma, snapshot_id: str) -> None:
        """Read a frame that was kept. That nothing can be read is no news."""
        vision = self._vision
        if vision is not None:
            self._tasks.run("read.codes", partial(asyncio.to_thread, vision.codes.read_luma, luma), partial(self._found, snapshot_id),
                            lambda _problem: None)

    def read_still(self, snapshot_id: str, original_id: str, judged: Callable[[tuple[str, ...]], None]) -> None:
        """Read a still that arrived in the case; `judged` hears what is wrong with it."""
        vision = self._vision
        if vision is None:
            return

        async def read() -> tuple[list[FoundCode], tuple[str, ...]]:
            data = await self._api.original_of(snapshot_id, original_id)
            verdict = await asyncio.to_thread(vision.judge.verdict_of, data)
            return await asyncio.to_thread(vision.codes.read, data), verdict.problems

        def done(found: tuple[list[FoundCode], tuple[str, ...]]) -> None:
            judged(found[1])
            self._found(snapshot_id, found[0])

        self._tasks.run("read.still", read, done, lambda _problem: None)

    def live(self) -> None:
        """Read the picture of this moment: the sharpest frame just before, then the one on the screen.

        What was declined before is offered again, because somebody asks for it.
        """
        state, vision = self._host.state, self._vision
        frame = state.peer.stills.freeze() if state.peer is not None and state.why_no_snapshot is None else None
        if vision is None or frame is None or state.peer is None:
            self._host.change(notice="call.why.cannot_read" if vision is None else state.why_no_snapshot or "call.why.no_picture")
            return
        stills = state.peer.stills
        self._host.change(reading=LIVE, notice=None)

        def done(found: list[FoundCode]) -> None:
            self._dismissed.clear()
            self._host.change(reading=None, notice=None if found else "call.read.nothing")
            self._found(None, found)

        def read() -> list[FoundCode]:
            near = [stills.luma(one) for one in stills.around(frame, _BEFORE_S, 0.0)]
            sharpest = vision.codes.read_luma(near[vision.judge.sharpest(near)]) if near else []
            return sharpest or vision.codes.read_luma(stills.luma(frame))

        self._tasks.run("read.live", partial(asyncio.to_thread, read), done, self._not_read)

    def _not_read(self, problem: DeskError) -> None:
        self._host.change(reading=None)
        self._failed(problem)

    def _found(self, snapshot_id: str | None, codes: list[FoundCode]) -> None:
        for code in codes:
            self.offer(Offer(code.kind, code.text[:_MAX_CHARS], code.format, snapshot_id))

    def offer(self, offer: Offer) -> None:
        """Offer a code, unless it stands in the case already, is offered, or was declined."""
        state = self._host.state
        if state.call is None or self._key(offer) in self._dismissed:
            return
        is_known = offer.field is not None and state.case is not None and getattr(state.case, offer.field) == offer.text
        if is_known or any((one.kind, one.text) == (offer.kind, offer.text) for one in state.offers):
            return
        self._host.change(offers=tuple(sorted((*state.offers, offer), key=lambda one: _FIRST.index(one.kind))))

    def _key(self, offer: Offer) -> tuple[str, str, str]:
        call = self._host.state.call
        return (call.case_id if call is not None else "", offer.kind, offer.text)

    def dismiss(self) -> None:
        """Not this one; it is not offered again by itself."""
        if self._host.state.offers:
            first, *others = self._host.state.offers
            self._dismissed.add(self._key(first))
            self._host.change(offers=tuple(others))

    # taking over
    def take_over(self) -> None:
        """Put the offered code into the case's field. Where something else stands, the first press asks, the second one does it."""
        state = self._host.state
        offer = next((one for one in state.offers if one.field is not None), None)
        if offer is None or state.case is None or offer.field is None:
            self._host.change(notice="call.read.nothing_offered")
            return
        standing = getattr(state.case, offer.field)
        if standing and standing != offer.text and not offer.is_asking:
            self._replace(offer, replace(offer, is_asking=True))
            return
        self._write(offer, state.case, standing)

    def _write(self, offer: Offer, case: r.CaseView, standing: str) -> None:
        field = offer.field or "serial"

        async def write() -> r.CaseView:
            revision, fresh = case.revision, case
            for _ in range(3):
                try:
                    return await self._api.change_case(case.id, r.CasePatch.model_validate({"revision": revision, field: offer.text}))
                except Conflict as problem:
                    if problem.code != "case.stale":
                        raise
                fresh = await self._api.case(case.id)
                revision = fresh.revision
                if getattr(fresh, field) not in {standing, offer.text}:
                    break  # somebody else wrote there meanwhile: the person decides anew
            return fresh

        self._replace(offer, None)
        self._tasks.run("read.take_over", write, partial(self._written, offer), partial(self._not_written, offer))

    def _written(self, offer: Offer, case: r.CaseView) -> None:
        state = self._host.state
        if state.case is None or state.case.id != case.id:
            return
        is_there = getattr(case, offer.field or "serial") == offer.text
        self._host.change(case=case, notice=f"call.read.taken_{offer.kind}" if is_there else None)
        if not is_there:
            self.offer(replace(offer, is_asking=False))

    def _not_written(self, offer: Offer, problem: DeskError) -> None:
        self.offer(replace(offer, is_asking=False))
        self._failed(problem)

    def _replace(self, before: Offer, after: Offer | None) -> None:
        offers = tuple(after if one is before else one for one in self._host.state.offers)
        self._host.change(offers=tuple(one for one in offers if one is not None))

    # text
    def read_text(self, snapshot_id: str, original_id: str, here: Callable[[], bytes] | None) -> None:
        """Read the printed text on a snapshot; `here` gives its bytes where they are still on this machine."""
        texts = self._vision.texts if self._vision is not None else None
        if texts is None:
            self._host.change(notice="call.read.ocr_missing")
            return
        self._host.change(reading=snapshot_id, notice=None)

        async def read() -> list[FoundText]:
            data = await asyncio.to_thread(here) if here is not None else await self._api.original_of(snapshot_id, original_id)
            return await asyncio.to_thread(texts.read, data)

        def done(lines: list[FoundText]) -> None:
            ordered = sorted(lines, key=lambda line: not line.is_serial_like)
            self._host.change(reading=None, texts=FoundTexts(snapshot_id, tuple(ordered)))

        self._tasks.run("read.text", read, done, self._not_read)

    def offer_serial(self, text: str) -> None:
        """A line of text that the person takes for a serial number: offered like a code that was found."""
        call = self._host.state.call
        if call is not None:
            found = Offer("serial", text[:_MAX_CHARS])
            self._dismissed.discard(self._key(found))
            self.offer(found)

    def texts_seen(self) -> None:
        """The person has read them."""
        self._host.change(texts=None)
