"""Clips and recordings of a call: consent, the tray, what the page is told, hang-up, disk full, and what a crash leaves behind."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.desktop.fake_call import ANNA, CALL_ID, CASE_ID, NOW, call_view
from tests.desktop.fake_memory import FakeMemory
from tests.desktop.test_call_presenter import Screen as CallFakes
from videodesk.calls.capture_ports import GapReason
from videodesk.calls.ports import LocalMedia
from videodesk.client.outbox import OutboxState
from videodesk.core.errors import OutOfSpace
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, ConsentScope, SnapshotMethod
from videodesk.desktop.calling import CallPhase
from videodesk.desktop.presenters.call import CallPresenter
from videodesk.desktop.recording import ClipFiler
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.tray import TrayStage
from videodesk.protocol import messages as m


class Screen(CallFakes):
    """The call screen's presenter with a memory behind it; the ring's clock is the screen's."""

    def __init__(self, folder) -> None:
        super().__init__(folder / "outbox")
        self.clips = folder / "clips"
        self.presenter = CallPresenter(
            self.api, ImmediateTasks(), self.clock, media=self.media, outbox=self.outbox, send=self.sent.append, post=lambda act: act(),
            me=ANNA, devices=LocalMedia, clips=self.clips)

    @property
    def memory(self) -> FakeMemory:
        return self.media.memory

    @property
    def recording(self):
        return self.presenter.recorder.state

    def pass_time(self, seconds) -> None:
        self.clock.advance(seconds)
        self.memory.rewind.grow((self.clock.now() - NOW).total_seconds())
        self.presenter.rewinder.refresh()
        self.presenter.recorder.refresh()

    def calls(self, **changes) -> None:
        self.tell(m.CallChanged, call=call_view(CallState.CONNECTED, connected_at=NOW, **changes))

    @property
    def clip(self):
        [entry] = [entry for entry in self.outbox.entries() if entry.meta.method is SnapshotMethod.CLIP]
        return entry


@pytest.fixture
def screen(tmp_path):
    made = Screen(tmp_path).live()
    made.pass_time(30)
    yield made
    made.presenter.close()
    made.outbox.close()


def said(screen):
    return [message.is_recording for message in screen.sent_of(m.RecordCall)]


def test_the_last_20_seconds_become_a_clip_in_the_outbox_and_in_the_tray(screen):
    screen.presenter.recorder.keep_last()
    entry = screen.clip
    assert entry.meta.duration_s == pytest.approx(20)
    assert (entry.meta.case_id, entry.meta.call_id, entry.person_id) == (CASE_ID, CALL_ID, ANNA.id)
    assert entry.meta.media_type == "video/webm"
    assert (entry.meta.captured_at - NOW).total_seconds() == pytest.approx(10)
    assert entry.poster.read_bytes()[:2] == b"\xff\xd8"
    [shot] = screen.state.tray
    assert shot.duration_s == pytest.approx(20)
    assert shot.stage is TrayStage.KEPT
    assert shot.preview is not None
    assert list(screen.clips.iterdir()) == [], "nothing stays beside the outbox"
    assert said(screen) == [], "the past is not being recorded"


def test_without_consent_to_recording_neither_works_and_it_says_why(screen):
    screen.calls(consents=[ConsentScope.VIDEO, ConsentScope.STILLS])
    assert screen.recording.why_no_clip == screen.recording.why_no_recording == "call.why.no_consent_recording"
    screen.presenter.recorder.keep_last()
    screen.presenter.recorder.toggle()
    assert screen.state.notice == "call.why.no_consent_recording"
    assert screen.memory.recorder.told == []
    assert screen.outbox.entries() == []


def test_an_empty_ring_has_nothing_to_keep(screen):
    screen.memory.rewind.empty()
    screen.presenter.recorder.refresh()
    assert screen.recording.why_no_clip == "call.why.nothing_kept"


def test_a_recording_is_told_to_the_page_shows_time_and_size_and_ends_in_the_outbox(screen):
    screen.presenter.recorder.toggle()
    assert said(screen) == [True]
    screen.memory.recorder.grow(3_100_000)
    screen.pass_time(42)
    assert (screen.recording.is_recording, screen.recording.seconds, screen.recording.size_bytes) == (True, 42, 3_100_000)
    screen.presenter.recorder.toggle()
    assert said(screen) == [True, False]
    assert not screen.recording.is_recording
    assert screen.clip.meta.duration_s == pytest.approx(42)
    assert screen.state.tray[0].stage is TrayStage.KEPT
    assert list(screen.clips.iterdir()) == []


def test_a_service_that_comes_back_is_told_of_the_recording_again(screen):
    call = call_view(CallState.CONNECTED, connected_at=NOW)
    screen.tell(m.Welcome, protocol=1, is_resumed=False, me="agent", my_id=ANNA.id, calls=[call], server_time=NOW)
    assert said(screen) == [], "nothing is recorded"
    screen.presenter.recorder.toggle()
    screen.tell(m.Welcome, protocol=1, is_resumed=False, me="agent", my_id=ANNA.id, calls=[call], server_time=NOW)
    assert said(screen) == [True, True]


def test_hanging_up_ends_the_recording_and_keeps_it(screen):
    screen.presenter.recorder.toggle()
    screen.pass_time(5)
    screen.presenter.hang_up()
    assert screen.clip.meta.duration_s == pytest.approx(5)
    assert said(screen) == [True, False]
    assert screen.memory.is_closed
    assert screen.state.phase is CallPhase.WRAP_UP
    assert screen.recording.why_no_clip == "call.why.no_call"


def test_consent_withdrawn_during_a_recording_ends_it_and_keeps_what_was_allowed(screen):
    screen.presenter.recorder.toggle()
    screen.pass_time(7)
    screen.calls(consents=[ConsentScope.VIDEO, ConsentScope.STILLS])
    screen.pass_time(1)
    assert not screen.recording.is_recording
    assert said(screen) == [True, False]
    assert screen.clip.state is OutboxState.KEPT


def test_a_full_disk_ends_the_recording_says_so_and_keeps_what_was_written(screen):
    screen.presenter.recorder.toggle()
    screen.pass_time(3)
    screen.memory.recorder.end_by_itself("recording.disk_full")
    screen.pass_time(1)
    assert screen.state.error.code == "recording.disk_full"
    assert screen.clip.state is OutboxState.KEPT


def test_a_recording_that_cannot_begin_is_said_and_the_page_is_told(screen):
    screen.memory.recorder.fails = OutOfSpace("recording.disk_full")
    screen.presenter.recorder.toggle()
    assert screen.state.error.code == "recording.disk_full"
    assert said(screen) == [True, False]
    assert not screen.recording.is_recording
    screen.presenter.recorder.toggle()
    assert screen.recording.is_recording, "it may be tried again"


def test_a_clip_that_cannot_be_written_is_shown_as_not_kept(screen):
    screen.memory.recorder.fails = OutOfSpace("recording.disk_full")
    screen.presenter.recorder.keep_last()
    [shot] = screen.state.tray
    assert shot.stage is TrayStage.FAILED
    assert shot.error.code == "recording.disk_full"
    assert not screen.recording.is_keeping


def test_the_memory_hears_what_consent_hold_and_camera_allow(screen):
    allowed = screen.memory.allowed
    assert allowed[-1] == (True, True, None)
    screen.calls(consents=[ConsentScope.VIDEO])
    assert allowed[-1] == (False, False, None)
    screen.calls(customer=m.PartyState(video_muted=True))
    assert allowed[-1] == (True, True, GapReason.CAMERA_OFF)
    screen.calls()
    screen.presenter.toggle_hold()
    assert allowed[-1] == (True, True, GapReason.ON_HOLD)


def test_nothing_is_kept_before_the_memory_knows_of_consent(tmp_path):
    screen = Screen(tmp_path)
    screen.live(consents=[ConsentScope.VIDEO, ConsentScope.SOUND])
    assert screen.memory.allowed[0] == (False, False, None)
    screen.presenter.close()
    screen.outbox.close()


def test_one_memory_for_all_peers_of_a_call(screen):
    screen.tell(m.CallReady, call=call_view(CallState.CONNECTED, epoch=2, connected_at=NOW), ice_servers=[], is_polite=False)
    assert len(screen.media.peers) == 2
    assert len(screen.media.memories) == 1
    assert screen.media.peers[0].memory is screen.media.peers[1].memory is screen.memory


def test_s_takes_the_rewound_frame_also_on_hold(screen):
    screen.presenter.rewinder.go_to(12)
    screen.presenter.toggle_hold()
    assert screen.state.why_no_snapshot == "call.why.on_hold", "of the live picture"
    screen.presenter.snapshot()
    [entry] = screen.outbox.entries()
    assert entry.meta.method is SnapshotMethod.REWOUND
    assert (entry.meta.captured_at - NOW).total_seconds() == 12
    assert screen.presenter.rewinder.state.is_rewinding, "there may be more to take"


# ── what a crash leaves behind ─────────────────────────────────────────────────────────────────────────────────────


def cut_off(screen):
    """A recording runs when the program dies: the file, its note, and what a later start can read of it."""
    screen.presenter.recorder.toggle()
    screen.pass_time(9)
    [note] = screen.clips.glob("*.json")
    facts = screen.memory.recorder.stop()
    screen.media.cut_off = [facts]
    return json.loads(note.read_bytes()), facts


def filer(screen):
    return ClipFiler(screen.clips, screen.outbox, screen.media.recover_clips)


def test_a_recording_that_was_cut_off_goes_to_its_own_case_at_the_next_start(screen):
    note, _ = cut_off(screen)
    [entry] = filer(screen).recover()
    assert (entry.snapshot_id, entry.meta.case_id, entry.person_id) == (note["snapshot_id"], CASE_ID, ANNA.id)
    assert entry.meta.duration_s == pytest.approx(9)
    assert list(screen.clips.iterdir()) == []
    assert filer(screen).recover() == [], "only once"


def test_cut_off_between_the_outbox_and_the_notes_end_nothing_is_doubled(screen):
    note, facts = cut_off(screen)
    data, told = facts.path.read_bytes(), (screen.clips / f"{note['snapshot_id']}.json").read_bytes()
    filer(screen).recover()
    facts.path.write_bytes(data)
    (screen.clips / f"{note['snapshot_id']}.json").write_bytes(told)
    filer(screen).recover()
    assert len(screen.outbox.entries()) == 1
    assert list(screen.clips.iterdir()) == []


def test_all_files_of_a_recording_are_taken_in(screen):
    note, facts = cut_off(screen)
    second = facts.path.with_name(f"{note['snapshot_id']}_2.webm")
    second.write_bytes(b"the second file")
    screen.media.cut_off = [facts, replace(facts, path=second)]
    entries = filer(screen).recover()
    assert [entry.snapshot_id for entry in entries] == [note["snapshot_id"], note["further"][0]]
    assert list(screen.clips.iterdir()) == []


def test_what_cannot_be_read_now_keeps_its_note_for_the_next_start(screen):
    note, _ = cut_off(screen)
    screen.media.cut_off = []
    assert filer(screen).recover() == []
    assert len(list(screen.clips.iterdir())) == 2
    for stray in ("not json", json.dumps({"snapshot_id": "../../etc"}), json.dumps([1])):
        (screen.clips / f"{new_id()}.json").write_text(stray)
    assert filer(screen).recover() == []
    assert note


def test_a_note_without_a_file_goes(screen):
    _, facts = cut_off(screen)
    facts.path.unlink()
    assert filer(screen).recover() == []
    assert list(screen.clips.iterdir()) == []
