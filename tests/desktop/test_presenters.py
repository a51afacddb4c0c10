"""Presenters of inbox, cases, case, entry, settings and shell: no widget, milliseconds."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from tests.desktop.fakes import FakeChannel, FakeDeskApi, sample_case
from videodesk.core.errors import Conflict, WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, CaseKind, CaseStatus, Presence, ReviewState
from videodesk.desktop.case_form import form_of, mistakes, parse_amount, parse_day, patch_of
from videodesk.desktop.context import Session
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presenters.case import CasePresenter
from videodesk.desktop.presenters.cases import CasesPresenter, NewCase
from videodesk.desktop.presenters.entry import EntryPresenter, Link, Stage, suggested_name
from videodesk.desktop.presenters.inbox import InboxPresenter
from videodesk.desktop.presenters.settings import SettingsPresenter
from videodesk.desktop.presenters.shell import ShellPresenter
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.protocol import resources as r
from videodesk.protocol.messages import CallChanged, Happened, PresenceChanged, SetPresence, Welcome

run = asyncio.run


@pytest.fixture
def case(api: FakeDeskApi) -> r.CaseView:
    return run(api.add_case(sample_case()))


def make_inbox(api: FakeDeskApi):
    calls: list[str] = []
    cases: list[str] = []
    return InboxPresenter(api, ImmediateTasks(), api.clock, api.person.id, calls.append, cases.append), calls, cases


def make_case(api: FakeDeskApi):
    opened: list[tuple] = []
    return CasePresenter(api, ImmediateTasks(), api.clock, lambda name, **params: opened.append((name, params))), opened


# inbox


def test_inbox_waiting_longest_first_and_accept_opens_the_call(api, case):
    late = api.add_call(case.id, waited_s=10)
    early = api.add_call(case.id, waited_s=300)
    inbox, opened, _ = make_inbox(api)
    inbox.load()
    assert [c.id for c in inbox.state.waiting] == [early.id, late.id]
    inbox.accept_next()
    assert opened == [early.id]
    assert inbox.state.accepting is None


def test_inbox_taken_by_another_is_said_and_reloaded(api, case):
    call = api.add_call(case.id)
    inbox, opened, _ = make_inbox(api)
    inbox.load()
    api.calls_by_id[call.id] = call.model_copy(update={"state": CallState.CONNECTED, "agent_id": api.other.id})
    inbox.accept(call.id)
    assert opened == []
    assert inbox.state.problem is not None
    assert inbox.state.problem.code == "call.already_taken"
    assert inbox.state.waiting == ()


def test_inbox_follows_the_channel(api, case):
    inbox, _, _ = make_inbox(api)
    inbox.load()
    call = api.add_call(case.id)
    inbox.handle(CallChanged(seq=1, call=call))
    assert [c.id for c in inbox.state.waiting] == [call.id]
    inbox.handle(CallChanged(seq=2, call=call.model_copy(update={"state": CallState.ENDED, "ended_at": api.clock.now()})))
    assert inbox.state.waiting == ()
    assert [c.id for c in inbox.state.recent] == [call.id]


def test_inbox_shows_only_my_retakes(api, case):
    mine = api.add_snapshot(case.id, b"1", review_state=ReviewState.RETAKE_REQUESTED)
    api.add_snapshot(case.id, b"2", review_state=ReviewState.RETAKE_REQUESTED, captured_by=api.other.id)
    inbox, _, _ = make_inbox(api)
    inbox.load()
    assert [s.id for s in inbox.state.retakes] == [mine.id]


def test_a_retake_opens_the_evidence_and_invites_again_where_nobody_of_the_case_is_there(api, case):
    api.add_snapshot(case.id, b"1", review_state=ReviewState.RETAKE_REQUESTED)
    api.add_snapshot(case.id, b"2", review_state=ReviewState.RETAKE_REQUESTED, retaken_by=new_id())
    opened = []
    inbox = InboxPresenter(api, ImmediateTasks(), api.clock, api.person.id, opened.append, lambda case_id, **how: opened.append((case_id, how)))
    inbox.load()
    assert len(inbox.state.retakes) == 1, "what was taken again already is done"
    assert inbox.state.can_invite(case.id)
    inbox.show_evidence(case.id)
    inbox.invite_again(case.id)
    inbox.invite_again(case.id)
    assert opened[0] == (case.id, {"tab": "evidence"})
    assert len({how["invite"] for _, how in opened[1:]}) == 2
    inbox.handle(CallChanged(seq=1, call=api.add_call(case.id)))
    assert not inbox.state.can_invite(case.id)


def test_inbox_offline_keeps_what_it_had(api, case):
    api.add_call(case.id)
    inbox, _, _ = make_inbox(api)
    inbox.load()
    api.fail_next = WorldError("service.offline")
    inbox.load()
    assert len(inbox.state.waiting) == 1
    assert inbox.state.problem is not None


# cases


def test_cases_search_filter_pages(api):
    for i in range(60):
        run(api.add_case(sample_case(order_number=f"N{i}", kind=CaseKind.GLASS if i % 2 else CaseKind.PARCEL)))
    opened: list[str] = []
    cases = CasesPresenter(api, ImmediateTasks(), api.clock, api.person.id, opened.append)
    cases.load()
    assert (len(cases.state.items), cases.state.total) == (50, 60)
    cases.more()
    assert len({c.id for c in cases.state.items}) == 60
    cases.more()
    assert api.asked.count("cases") == 2
    cases.filter_kind(CaseKind.GLASS)
    assert cases.state.total == 30
    cases.search("N1 ")
    assert cases.state.query == "N1"
    cases.clear_filters()
    assert cases.state.total == 60
    assert not cases.state.is_filtered


def test_new_case_is_made_once_and_opened(api):
    opened: list[str] = []
    cases = CasesPresenter(api, ImmediateTasks(), api.clock, api.person.id, opened.append)
    cases.add(NewCase(CaseKind.GLASS, "  Kees  ", product="Ruit"))
    made = next(iter(api.cases_by_id.values()))
    assert opened == [made.id]
    assert made.parties[0].name == "Kees"


# case


def test_form_round_trip_and_patch(case):
    form = form_of(case)
    assert patch_of(case, form) is None
    assert mistakes(form) == {}
    patch = patch_of(case, form.with_("claimed", "1.249,50").with_("phone", "06"))
    assert patch is not None
    assert patch.model_fields_set == {"revision", "claimed", "parties"}
    assert patch.claimed == r.Money(amount=Decimal("1249.50"))


@pytest.mark.parametrize(("text", "amount"), [
    ("649", "649.00"), ("649,5", "649.50"), ("1.249,50", "1249.50"), ("1,249.50", "1249.50"), ("€ 12", "12.00"), ("1.000", "1000.00"),
    ("abc", None), ("-5", None), ("1,2,3.555", None), ("", None), ("99999999999", None)])
def test_amounts(text, amount):
    assert parse_amount(text) == (Decimal(amount) if amount else None)


def test_days():
    assert str(parse_day("5-1-2026")) == "2026-01-05"
    assert str(parse_day("2026-01-05")) == "2026-01-05"
    assert parse_day("31-2-2026") is None
    assert parse_day("morgen") is None


def test_case_edit_save_and_dirty(api, case):
    presenter, _ = make_case(api)
    presenter.show(case.id)
    presenter.edit("title", "Nieuw")
    assert presenter.state.is_dirty
    presenter.save()
    assert not presenter.state.is_dirty
    assert presenter.state.saved_at == api.clock.now()
    assert api.cases_by_id[case.id].title == "Nieuw"
    before = api.asked.count("change_case")
    presenter.save()
    assert api.asked.count("change_case") == before


def test_case_mistake_is_not_sent(api, case):
    presenter, _ = make_case(api)
    presenter.show(case.id)
    presenter.edit("claimed", "veel")
    presenter.save()
    assert presenter.state.mistakes == {"claimed": "case.amount_wrong"}
    assert "change_case" not in api.asked
    assert presenter.state.is_dirty


def test_case_changed_by_another_keeps_what_was_typed(api, case):
    presenter, _ = make_case(api)
    presenter.show(case.id)
    presenter.edit("title", "Van mij")
    run(api.change_case(case.id, r.CasePatch(revision=1, brand="Van hen")))
    presenter.save()
    assert presenter.state.is_stale
    assert isinstance(presenter.state.problem, Conflict)
    assert presenter.state.form.title == "Van mij"
    assert presenter.state.form.brand == "Van hen"
    presenter.save()
    assert api.cases_by_id[case.id].title == "Van mij"
    assert api.cases_by_id[case.id].brand == "Van hen"
    assert not presenter.state.is_stale


def test_going_to_another_case_saves_the_first(api, case):
    other = run(api.add_case(sample_case(title="Ander")))
    presenter, _ = make_case(api)
    presenter.show(case.id)
    presenter.edit("title", "Half getypt")
    presenter.show(other.number)
    assert api.cases_by_id[case.id].title == "Half getypt"
    assert presenter.state.form.title == "Ander"


def test_case_checklist_skip_and_missing(api, case):
    presenter, _ = make_case(api)
    presenter.show(case.id)
    assert len(presenter.state.missing) == 5
    presenter.skip("label", "Weggegooid")
    assert len(presenter.state.missing) == 4
    presenter.skip("label", "")
    assert len(presenter.state.missing) == 5


def test_case_notes_status_thumbnails_and_events(api, case):
    presenter, opened = make_case(api)
    presenter.show(case.id)
    assert not presenter.add_note("   ")
    assert presenter.add_note("Belt terug")
    presenter.move(CaseStatus.INTAKE)
    assert presenter.state.case is not None
    assert presenter.state.case.status is CaseStatus.INTAKE
    assert [n.text for n in presenter.state.case.notes] == ["Belt terug"]
    shot = api.add_snapshot(case.id, b"jpeg", "label")
    presenter.handle(Happened(seq=1, name="snapshot.added", at=api.clock.now(), case_id=case.id))
    assert presenter.state.thumbnails == {shot.id: b"jpeg"}
    assert len(presenter.state.missing) == 4
    presenter.annotate(shot.id)
    assert opened == [("annotate", {"snapshot_id": shot.id})]


def test_invitation_is_shown_once_and_revocable(api, case):
    presenter, _ = make_case(api)
    presenter.show(case.id)
    presenter.invite()
    made = presenter.state.invitation
    assert made is not None
    assert len(presenter.state.open_invitations) == 1
    presenter.revoke(made.id)
    assert presenter.state.invitation is None
    assert presenter.state.open_invitations == ()


# entry


class Tokens:
    is_in_file = False

    def __init__(self, kept: dict[str, str] | None = None):
        self.kept = kept or {}

    async def read(self, url):
        return self.kept.get(url)

    async def keep(self, url, token):
        self.kept[url] = token

    async def forget(self, url):
        self.kept.pop(url, None)


def make_entry(api: FakeDeskApi, tokens: Tokens, **link):
    entered: list[r.SignedIn] = []

    async def reach():
        return Link("http://desk", api, **link)

    presenter = EntryPresenter(reach, tokens, ImmediateTasks(), api.clock, lambda _link, signed_in: entered.append(signed_in))
    presenter.start()
    return presenter, entered


def test_first_start_goes_through_the_wizard_without_a_form(api):
    api.needs_setup = api.is_embedded = True
    entry, entered = make_entry(api, Tokens(), embedded_secret="s", setup_code="c")
    assert entry.state.stage is Stage.WELCOME
    entry.go_on()
    entry.create_account("", "", "")
    assert {name for name, _ in entry.state.field_errors} == {"display_name", "name"}
    entry.create_account("Anna de Vries", suggested_name("Anna de Vries"), "")
    assert entered[0].person.name == "anna.de.vries"
    assert entry.state.stage is Stage.ENTERED


def test_embedded_second_start_needs_nothing(api):
    api.is_embedded = True
    _, entered = make_entry(api, Tokens(), embedded_secret="s")
    assert len(entered) == 1


def test_remote_sign_in_keeps_the_token_and_uses_it_next_time(api):
    tokens = Tokens()
    entry, entered = make_entry(api, tokens)
    assert entry.state.stage is Stage.SIGN_IN
    entry.sign_in("anna", "wrong")
    assert entry.state.problem is not None
    assert entry.state.problem.code == "signin.wrong"
    entry.sign_in("Anna", api.password)
    assert len(entered) == 1
    _, again = make_entry(api, tokens)
    assert len(again) == 1


def test_an_expired_token_is_forgotten(api):
    class Expired(FakeDeskApi):
        def use_token(self, token):
            self.token = None

    tokens = Tokens({"http://desk": "old"})
    entry, entered = make_entry(Expired(api.clock), tokens)
    assert entered == []
    assert entry.state.stage is Stage.SIGN_IN
    assert tokens.kept == {}


def test_unreachable_service_can_be_tried_again(api):
    api.fail_next = WorldError("service.offline")
    entry, entered = make_entry(api, Tokens())
    assert entry.state.stage is Stage.FAILED
    entry.start()
    assert entry.state.stage is Stage.SIGN_IN
    assert entered == []


# shell


def make_shell_presenter(api: FakeDeskApi):
    channel = FakeChannel()
    return ShellPresenter(api, ImmediateTasks(), api.clock, Session(api.person), channel), channel


def test_shell_counts_presence_and_ringing(api, case):
    shell, channel = make_shell_presenter(api)
    rung: list[str] = []
    shell.rang = lambda call: rung.append(call.id)
    call = api.add_call(case.id)
    shell.handle(Welcome(seq=1, protocol=1, is_resumed=False, me="agent", my_id=api.person.id, presence=Presence.OFFLINE, calls=[call],
                         server_time=api.clock.now()))
    shell.handle(CallChanged(seq=2, call=call))
    assert rung == [call.id]
    assert channel.sent == [SetPresence(presence=Presence.AVAILABLE)]
    assert shell.state.inbox_count == 1
    shell.handle(PresenceChanged(seq=3, person_id=api.person.id, display_name="", presence=Presence.BUSY, since=api.clock.now()))
    assert shell.state.presence is Presence.BUSY
    shell.line_changed("offline", None)
    assert shell.state.presence is Presence.OFFLINE


def test_shell_tells_of_my_retake_only(api):
    shell, _ = make_shell_presenter(api)
    for who, expected in ((new_id(), False), (api.person.id, True)):
        shell.handle(Happened(seq=1, name="review.decided", at=api.clock.now(), data={"decision": "retake_requested", "captured_by": who}))
        assert (shell.state.notice is not None) is expected


# settings


def test_settings_runs_devices_only_while_seen(api):
    from tests.desktop.fake_media import FakeMediaEngine

    store = PreferenceStore(None)
    presenter = SettingsPresenter(FakeMediaEngine(), store, ImmediateTasks(), api.clock)
    presenter.start_check()
    assert presenter.state.preview is not None
    presenter.choose("camera", "cam-9")
    assert store.value.camera_id == "cam-9"
    assert presenter.state.preview is not None
    presenter.stop_check()
    assert presenter.state.preview is None


def test_settings_without_media_says_so(api):
    presenter = SettingsPresenter(None, PreferenceStore(None), ImmediateTasks(), api.clock)
    presenter.start_check()
    assert not presenter.state.has_media
