"""What the call screen shows: CallScreen and its parts, all frozen. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from videodesk.calls.device_choice import DeviceChange
from videodesk.calls.ports import MediaPeer, PeerState, Picture, Quality
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import CallState, ConsentScope, ReviewState
from videodesk.desktop.offers import FoundTexts, Offer
from videodesk.desktop.tray import TrayItem, TrayStage
from videodesk.protocol.messages import CallView
from videodesk.protocol.resources import CaseView, ChecklistItemView

__all__ = ["CallHost", "CallPhase", "CallScreen", "ChatItem", "CheckItem", "TrayItem", "TrayStage", "phase_of"]


class CallPhase(StrEnum):
    """Which of its faces the screen shows."""

    NONE = "none"
    OPENING = "opening"
    CONNECTING = "connecting"
    LIVE = "live"
    ON_HOLD = "on_hold"
    RECONNECTING = "reconnecting"
    WRAP_UP = "wrap_up"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ChatItem:
    """One line of chat; `is_sent` is False until the service has said it back."""

    message_id: str
    sender: Literal["agent", "customer"]
    text: str
    at: datetime
    is_sent: bool = True


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One checklist item with what is there for it, what is on its way included; `retake` is what is to be taken again."""

    view: ChecklistItemView
    count: int
    is_done: bool
    is_next: bool
    retake: TrayItem | None = None


@dataclass(frozen=True, slots=True)
class CallScreen:
    """All that the call screen shows."""

    phase: CallPhase = CallPhase.NONE
    call: CallView | None = None
    case: CaseView | None = None
    error: DeskError | None = None
    peer: MediaPeer | None = None
    peer_state: PeerState = PeerState.NEW
    quality: Quality = field(default_factory=Quality)
    microphone_on: bool = True
    camera_on: bool = True
    is_online: bool = True
    chat: tuple[ChatItem, ...] = ()
    unread: int = 0
    tray: tuple[TrayItem, ...] = ()
    chosen_item: str | None = None
    frozen: Picture | None = None
    problems: tuple[str, ...] = ()
    moved: tuple[DeviceChange, ...] = ()
    notice: str | None = None
    is_filing: bool = False
    latest: str | None = None
    again: str | None = None
    offers: tuple[Offer, ...] = ()
    reading: str | None = None
    texts: FoundTexts | None = None
    wanted_zoom: float | None = None

    def shot(self, snapshot_id: str) -> TrayItem | None:
        """The tray's item of this snapshot."""
        return next((shot for shot in self.tray if shot.snapshot_id == snapshot_id), None)

    @property
    def newest(self) -> TrayItem | None:
        """The snapshot taken last (a rewound one shows an earlier moment), else the one of the latest moment."""
        taken = self.shot(self.latest) if self.latest is not None else None
        return taken or (self.tray[-1] if self.tray else None)

    @property
    def again_shot(self) -> TrayItem | None:
        """What the agent wants to take again with the next S."""
        return self.shot(self.again) if self.again is not None else None

    @property
    def can_zoom(self) -> bool:
        """Whether the customer's camera zooms and somebody sees it."""
        return self.call is not None and self.is_talking and self.is_connected and self.call.customer.zoom_max > self.call.customer.zoom_min

    @property
    def zoom(self) -> float:
        """The camera's zoom, or the one that was asked for."""
        if self.wanted_zoom is not None:
            return self.wanted_zoom
        return self.call.customer.zoom if self.call is not None else 1.0

    @property
    def is_talking(self) -> bool:
        """Whether there is a conversation, connected or not."""
        return self.phase in {CallPhase.CONNECTING, CallPhase.LIVE, CallPhase.ON_HOLD, CallPhase.RECONNECTING}

    @property
    def is_on_hold(self) -> bool:
        """Whether the agent put the customer on hold."""
        return self.phase is CallPhase.ON_HOLD

    @property
    def is_connected(self) -> bool:
        """Whether sound and picture come in now."""
        return self.peer_state in {PeerState.CONNECTED, PeerState.UNSTABLE}

    @property
    def why_no_snapshot(self) -> str | None:
        """The text key of why S would do nothing now; None when it works."""
        if self.call is None or not self.is_talking:
            return "call.why.no_call"
        if ConsentScope.STILLS not in self.call.consents:
            return "call.why.no_consent_stills"
        if ConsentScope.VIDEO not in self.call.consents:
            return "call.why.no_consent_video"
        if self.is_on_hold:
            return "call.why.on_hold"
        if not self.is_connected:
            return "call.why.not_connected"
        return "call.why.camera_off" if self.call.customer.video_muted else None

    @property
    def checklist(self) -> tuple[CheckItem, ...]:
        """The checklist as it will be once all that is kept here has arrived; `is_next` is where the next snapshot goes."""
        if self.case is None:
            return ()
        found = []
        for view in self.case.checklist.items:
            # A snapshot that was moved to another item counts there and no longer here.
            here = {shot.snapshot_id for shot in self.tray if shot.item_id == view.id and shot.counts}
            moved = {shot.snapshot_id for shot in self.tray if shot.item_id != view.id or not shot.counts}
            count = len((set(view.snapshot_ids) - moved) | here)
            retake = next((shot for shot in self.retakes if shot.item_id == view.id), None)
            is_done = retake is None and (view.skipped_reason is not None or count >= max(1, view.min_count))
            found.append(CheckItem(view, count, is_done, is_next=False, retake=retake))
        goes_to = self._chosen_or_suggested(found)
        return tuple(replace(item, is_next=item.view.id == goes_to) for item in found)

    @property
    def next_item(self) -> ChecklistItemView | None:
        """The item the next snapshot belongs to: the chosen one, else the one to be taken again, else the first missing."""
        return next((item.view for item in self.checklist if item.is_next), None)

    @property
    def retakes(self) -> tuple[TrayItem, ...]:
        """What a supervisor wants taken again and nobody has taken again yet, oldest first; a retake kept here answers it already."""
        answered = {shot.retake_of for shot in self.tray if not shot.is_lost}
        return tuple(
            shot for shot in self.tray
            if shot.review_state is ReviewState.RETAKE_REQUESTED and shot.retaken_by is None and shot.snapshot_id not in answered)

    @property
    def next_retake(self) -> TrayItem | None:
        """What the next snapshot is taken in the stead of, if anything."""
        if self.again_shot is not None:
            return self.again_shot
        item, known = self.next_item, {found.view.id for found in self.checklist}
        goes_to = item.id if item is not None else None
        return next((shot for shot in self.retakes if (shot.item_id if shot.item_id in known else None) == goes_to), None)

    @property
    def missing(self) -> int:
        """How many required items still miss something."""
        return sum(1 for item in self.checklist if item.view.is_required and not item.is_done)

    def _chosen_or_suggested(self, items: list[CheckItem]) -> str | None:
        if self.again_shot is not None:
            return self.again_shot.item_id
        if any(item.view.id == self.chosen_item for item in items):
            return self.chosen_item
        if self.retakes:
            return self.retakes[0].item_id
        open_items = sorted((item for item in items if not item.is_done), key=lambda item: not item.view.is_required)
        return open_items[0].view.id if open_items else None


class CallHost(Protocol):
    """The call screen's presenter, as its parts (capturing, rewinding, recording) see it. GUI thread."""

    @property
    def state(self) -> CallScreen:
        """What the screen shows now."""
        ...

    def change(self, **changes: Any) -> None:
        """Change fields of the state and tell the view."""
        ...

    def prepare(self, **changes: Any) -> None:
        """Change fields of the state; the view hears of it with the next change."""
        ...


def phase_of(call: CallView, peer_state: PeerState) -> CallPhase:
    """The screen's face for a call of ours: what the service says, and what our own connection says where it is worse."""
    if call.state is CallState.WRAP_UP:
        return CallPhase.WRAP_UP
    if call.state in {CallState.ENDED, CallState.ABANDONED}:
        return CallPhase.NONE
    if call.state is CallState.ON_HOLD:
        return CallPhase.ON_HOLD
    other_is_lost = call.state is CallState.RECONNECTING and peer_state is PeerState.UNSTABLE
    if peer_state in {PeerState.DISCONNECTED, PeerState.FAILED} or other_is_lost:
        return CallPhase.RECONNECTING
    if peer_state in {PeerState.CONNECTED, PeerState.UNSTABLE}:
        return CallPhase.LIVE
    return CallPhase.RECONNECTING if call.connected_at is not None else CallPhase.CONNECTING
