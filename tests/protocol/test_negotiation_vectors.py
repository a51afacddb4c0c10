"""The negotiation's vectors in Python and in the page's JavaScript, and the two tables side by side."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.protocol import negotiation as n

VECTORS = Path(__file__).parent / "vectors"
PAGE = Path(__file__).parents[2] / "resources" / "join" / "negotiation.js"
RUNNER = Path(__file__).parent / "negotiation_runner.mjs"
SCENARIOS = [
    pytest.param(scenario, id=f"{path.stem}: {scenario['scenario']}")
    for path in sorted(VECTORS.glob("negotiation-*.json"))
    for scenario in json.loads(path.read_text(encoding="utf-8"))
]


def as_json(action):
    return json.loads(action.model_dump_json(exclude_defaults=True)) | {"do": action.do}


def run(scenario):
    state = n.Negotiation(scenario["polite"])
    out = []
    for step in scenario["steps"]:
        state, actions = n.advance(state, n.negotiation_event.validate_python(step["event"]))
        out.append([as_json(action) for action in actions])
    return out


def node(mode, scenarios):
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed: the page's side of the vectors is not checked")
    done = subprocess.run([program, str(RUNNER), str(PAGE), mode], input=json.dumps(scenarios), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_python_follows_the_vectors(scenario):
    assert run(scenario) == [step["actions"] for step in scenario["steps"]]


def test_the_page_follows_the_vectors():
    scenarios = [param.values[0] for param in SCENARIOS]
    ran = node("run", scenarios)
    for scenario, actions in zip(scenarios, ran, strict=True):
        assert actions == [step["actions"] for step in scenario["steps"]], scenario["scenario"]


def test_the_page_has_the_same_table():
    table = {f"{phase.value} {given.value}": [target.value, list(steps)] for (phase, given), (target, steps) in n.TABLE.items()}
    assert node("table", []) == table


def test_every_row_is_in_a_vector():
    seen = set()
    for param in SCENARIOS:
        scenario = param.values[0]
        state = n.Negotiation(scenario["polite"])
        for step in scenario["steps"]:
            event = n.negotiation_event.validate_python(step["event"])
            if isinstance(event, n.Ready) and state.is_polite and event.epoch > state.epoch:
                seen.add((n.Phase.STABLE, n.Input.NEEDED))
            meaning = None if isinstance(event, n.CallEnded) or event.epoch != state.epoch else n._input_of(state, event)
            if (state.phase, meaning) in n.TABLE:
                seen.add((state.phase, meaning))
            state, _ = n.advance(state, event)
    assert set(n.TABLE) - seen == set()


epochs = st.integers(0, 4)
sdps = st.sampled_from(["a", "b"])
candidates = st.builds(n.IceCandidate, candidate=st.sampled_from(["", "c1", "c2"]))
events = st.one_of(
    st.builds(n.Ready, epoch=epochs),
    st.builds(n.EpochSeen, epoch=epochs),
    st.builds(n.NegotiationNeeded, epoch=epochs),
    st.builds(n.OfferMade, epoch=epochs, sdp=sdps),
    st.builds(n.AnswerMade, epoch=epochs, sdp=sdps),
    st.builds(n.CandidateFound, epoch=epochs, candidate=candidates),
    st.builds(n.SignaledEvent, epoch=epochs, candidate=candidates),
    st.builds(n.SignaledEvent, epoch=epochs, description=st.builds(n.SessionDescription, type=st.sampled_from(["offer", "answer"]), sdp=sdps)),
    st.builds(n.SignaledEvent, epoch=epochs, restart=st.just(True)),
    st.builds(n.PeerFailed, epoch=epochs),
    st.just(n.CallEnded()),
)


@settings(deadline=None)
@given(st.booleans(), st.lists(events, max_size=40))
def test_any_order_of_events_keeps_the_rules(polite, steps):
    state = n.Negotiation(polite)
    built = 0
    for event in steps:
        before = state
        state, actions = n.advance(state, event)
        assert state.epoch >= before.epoch
        for action in actions:
            if isinstance(action, n.BuildPeer):
                assert action.epoch > built, "an epoch is built once"
                built = action.epoch
            elif isinstance(action, n.RollBack):
                assert polite, "only the polite side takes an offer back"
            elif not isinstance(action, n.ClosePeer | n.SendSignal):
                assert action.epoch == state.epoch == built
        assert len(state.queued) <= n.MAX_QUEUED_CANDIDATES


def test_the_page_agrees_on_random_walks():
    drawn = []

    @given(st.booleans(), st.lists(events, max_size=40))
    def draw(polite, steps):
        drawn.append({
            "polite": polite,
            "steps": [{"event": json.loads(event.model_dump_json(exclude_defaults=True)) | {"type": event.type}} for event in steps],
        })

    draw()
    for scenario, actions in zip(drawn, node("run", drawn), strict=True):
        assert actions == run(scenario)


class Side:
    """A peer connection of the books: it makes descriptions, and breaks when the rules of RTCSignalingState are broken."""

    def __init__(self, polite):
        self.machine = n.Negotiation(polite)
        self.state, self.offers, self.remote, self.todo = "none", 0, None, []

    def event(self, event):
        self.machine, actions = n.advance(self.machine, event)
        self.todo += actions

    def act(self, wire):
        action = self.todo.pop(0)
        epoch = getattr(action, "epoch", 0)
        match action:
            case n.BuildPeer():
                self.state, self.remote = "stable", None
            case n.ClosePeer():
                self.state = "none"
            case n.MakeOffer():
                assert self.state == "stable"
                self.state, self.offers = "have-local-offer", self.offers + 1
                self.event(n.OfferMade(epoch=epoch, sdp=f"offer {self.offers}"))
            case n.RollBack():
                assert self.state == "have-local-offer"
                self.state = "stable"
            case n.ApplyDescription(description=description):
                if description.type == "offer":
                    assert self.state in {"stable", "have-remote-offer"}
                    self.state = "have-remote-offer"
                else:
                    assert self.state == "have-local-offer"
                    self.state = "stable"
                self.remote = description.sdp
            case n.MakeAnswer():
                if self.state == "have-remote-offer":
                    self.state = "stable"
                self.event(n.AnswerMade(epoch=epoch, sdp=f"answer to {self.remote}"))
            case n.AddCandidate():
                assert self.remote is not None
            case n.SendSignal():
                wire.append(action)


@settings(deadline=None)
@given(st.data())
def test_two_sides_always_end_stable(data):
    """Whatever the interleaving, two sides that negotiate at will end in stable, without ever breaking RTCSignalingState."""
    page, desktop = Side(polite=True), Side(polite=False)
    to_page, to_desktop = [], []
    page.event(n.Ready(epoch=1))
    desktop.event(n.Ready(epoch=1))
    needs = data.draw(st.integers(0, 4))
    while True:
        moves = []

        def need(side):
            nonlocal needs
            needs -= 1
            side.event(n.NegotiationNeeded(epoch=1))

        if page.todo:
            moves.append(lambda: page.act(to_desktop))
        if desktop.todo:
            moves.append(lambda: desktop.act(to_page))
        if to_page:
            moves.append(lambda: page.event(n.SignaledEvent(**to_page.pop(0).model_dump(exclude={"do"}))))
        if to_desktop:
            moves.append(lambda: desktop.event(n.SignaledEvent(**to_desktop.pop(0).model_dump(exclude={"do"}))))
        if needs and page.state == "stable" and not page.todo:
            moves.append(lambda: need(page))
        if needs and desktop.state == "stable" and not desktop.todo:
            moves.append(lambda: need(desktop))
        if not moves:
            break
        moves[data.draw(st.integers(0, len(moves) - 1))]()
    assert page.state == desktop.state == "stable"
    assert page.machine.phase == desktop.machine.phase == n.Phase.STABLE
