"""What a network test means: always a word, the most serious first, and nothing bad is passed over."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from videodesk.calls.line_report import (
    RELAY_STEPS,
    SERVICE_STEPS,
    STEPS,
    LineReport,
    StepResult,
    StepState,
    advise,
    cancelled,
    from_kept,
    kept,
    put,
)
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.line_words import advice_text, report_text, step_name, step_result

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
REASONS = ("no_answer", "closed", "no_way", "unknown_host", "certificate", "tls", "refused", "full", "odd_answer", "no_upgrade", "too_often",
           "too_slow", "signed_out", "old_service", "no_service", "no_media", "not_offered", "none_set", "plain", "cancelled")
numbers = st.none() | st.floats(0, 1e5)


@st.composite
def results(draw, step=None):
    state = draw(st.sampled_from(StepState))
    bad = state in {StepState.FAILED, StepState.SKIPPED}
    return StepResult(
        step or draw(st.sampled_from(STEPS)), state, draw(st.sampled_from(["relay.example.nl:3478", "10.0.0.1:443"])),
        ms=draw(numbers), kbps=draw(numbers), seconds=draw(st.none() | st.floats(-1e6, 1e6)), days=draw(st.none() | st.integers(-10, 400)),
        reason=draw(st.sampled_from(REASONS)) if bad else draw(st.sampled_from(["", "no_echo"])))


reports = st.builds(LineReport, st.just(AT), st.just("https://desk.example.nl"), st.lists(results(), max_size=12).map(tuple), st.booleans())


def good(step: str, **more) -> StepResult:
    return StepResult(step, StepState.OK, "relay.example.nl:3478", **more)


def bad(step: str, reason: str = "no_answer", where: str = "relay.example.nl:3478") -> StepResult:
    return StepResult(step, StepState.FAILED, where, reason=reason)


def keys(*steps: StepResult, **more) -> list[str]:
    return [one.key for one in advise(LineReport(AT, "desk", steps, **more))]


@given(reports)
def test_there_is_always_a_word_and_the_most_serious_comes_first(report) -> None:
    found = advise(report)
    order = {"danger": 0, "warning": 1, "neutral": 2, "ok": 3}
    assert found
    assert [order[one.level] for one in found] == sorted(order[one.level] for one in found)
    assert report.level == found[0].level
    assert (found[0].key == "good") == all(one.level == "ok" for one in found)


@given(reports, st.sampled_from(Language))
def test_every_result_has_words_in_both_languages(report, language) -> None:
    i18n.set_language(language)
    text = report_text(report)
    said = [advice_text(one) for one in advise(report)] + [step_name(one) for one in report.steps] + [step_result(one) for one in report.steps]
    assert all(word and not word.startswith("line.") and "{" not in word for word in [*said, *text.splitlines()] if word)
    assert all(words in text for words in said)


@given(reports)
def test_a_report_comes_out_of_the_file_as_it_went_in(report) -> None:
    assert from_kept(kept(report)) == report


@given(st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["at", "steps", "service", "is_cancelled", "state"]), inner, max_size=4), max_leaves=10))
def test_a_damaged_file_gives_no_report(junk) -> None:
    assert from_kept(junk) is None or isinstance(from_kept(junk), LineReport)


@given(st.lists(results(), max_size=20))
def test_steps_stand_in_one_order_and_a_result_takes_the_place_of_its_own_beginning(given_steps) -> None:
    steps: tuple[StepResult, ...] = tuple(StepResult(name) for name in STEPS)
    for one in given_steps:
        steps = put(steps, one)
        assert one in steps
    assert [STEPS.index(one.step) for one in steps] == sorted(STEPS.index(one.step) for one in steps)
    assert all(one.is_done for one in cancelled(steps))
    assert [one for one in cancelled(steps) if one.state is not StepState.SKIPPED] == [one for one in steps if one.is_done and one.state is not StepState.SKIPPED]


def test_all_is_well() -> None:
    assert keys(*(good(step) for step in (*SERVICE_STEPS, *RELAY_STEPS))) == ["good"]


def test_only_tcp_gets_through_to_the_relay() -> None:
    report = LineReport(AT, "desk", (bad("turn_udp"), good("turn_tcp"), good("turn_tls")))
    (advice,) = advise(report)
    assert (advice.level, advice.key, advice.params["port"]) == ("warning", "relay_tcp", "3478")
    i18n.set_language(Language.EN)
    assert "Ask IT to open UDP 3478" in advice_text(advice)
    assert keys(bad("turn_udp"), bad("turn_tcp"), good("turn_tls")) == ["relay_tls"]
    assert keys(good("turn_tls")) == ["only_tls"], "what is not offered is not blocked"


def test_a_second_relay_that_fails_is_named_and_no_reason_to_worry() -> None:
    report = LineReport(AT, "desk", (good("turn_udp"), bad("turn_tcp", where="other.example.nl:443")))
    assert (keys(*report.steps), report.level) == (["one_relay_fails"], "neutral")


def test_no_relay_and_a_relay_that_refuses_us_are_told_apart() -> None:
    assert keys(bad("turn_udp"), bad("turn_tcp", "closed")) == ["no_relay"]
    assert keys(bad("turn_udp", "refused"), bad("turn_tcp", "refused")) == ["relay_refuses"]
    assert keys(StepResult("turn_udp", StepState.SKIPPED, reason="none_set")) == ["no_relay_set"]


def test_an_unreachable_service_is_all_that_is_said_of_it() -> None:
    assert keys(bad("service"), bad("channel"), StepResult("up", StepState.SKIPPED, reason="no_service")) == ["no_service"]
    assert keys(good("service"), bad("channel", "no_upgrade")) == ["no_channel"]
    assert keys(bad("service", "certificate"), bad("channel", "certificate"), bad("certificate", "certificate")) == ["certificate"]


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_slower_line_is_never_judged_better(one, other) -> None:
    worse, better = sorted((one, other))
    rank = ["good", "up_weak", "up_bad"]
    assert rank.index(keys(good("up", kbps=worse))[0]) >= rank.index(keys(good("up", kbps=better))[0])


def test_a_clock_that_is_off_and_a_test_that_was_stopped_are_said() -> None:
    assert keys(good("clock", seconds=-61.0)) == ["clock"]
    assert keys(good("clock", seconds=2.0)) == ["good"]
    assert keys(good("service"), is_cancelled=True) == ["cancelled"]
