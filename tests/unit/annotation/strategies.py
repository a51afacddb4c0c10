"""Hypothesis strategies for marks of every kind, documents and commands that fit them."""

from hypothesis import strategies as st

from videodesk.annotation.document import Add, Change, Command, Document, Frame, Framing, Remove, Reorder, Together, apply
from videodesk.annotation.marks import (
    Arrow,
    Box,
    Callout,
    Ellipse,
    Highlighter,
    Line,
    Mark,
    Measured,
    Pen,
    Point,
    Rectangle,
    Redaction,
    RedactionPen,
    RedactionReason,
    Reference,
    ReferenceKind,
    Ruler,
    Spotlight,
    Stamp,
    StampKind,
    Step,
    Text,
)

coordinates = st.floats(-4000, 8000, allow_nan=False)
sizes = st.floats(0, 5000, allow_nan=False)
points = st.builds(Point, coordinates, coordinates)
boxes = st.builds(Box, coordinates, coordinates, sizes, sizes)
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
ways = st.lists(points, min_size=1, max_size=12).map(tuple)
lengths = st.floats(0, 10_000, allow_nan=False)
references = st.one_of(
    st.builds(Reference, st.sampled_from([ReferenceKind.BANK_CARD, ReferenceKind.MARKER, ReferenceKind.A4]), st.tuples(points, points, points, points),
              st.tuples(lengths, lengths), st.floats(0, 10)),
    st.builds(Reference, st.just(ReferenceKind.KNOWN_LENGTH), st.tuples(points, points), st.tuples(lengths, st.just(0.0)), st.floats(0, 10)),
)
measurements = st.tuples(lengths, lengths, lengths).map(sorted).map(lambda three: Measured(three[1], three[0], three[2]))
common = {
    "colour": st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    "width_px": st.floats(0.5, 400, allow_nan=False),
    "name": words,
    "group": st.just("") | st.from_regex(r"g[0-9]", fullmatch=True),
}
redacting = {"reason": st.sampled_from(RedactionReason), "is_proposal": st.booleans()}


def marks(ids=st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)) -> st.SearchStrategy[Mark]:
    return st.one_of(
        st.builds(Arrow, id=ids, start=points, end=points, **common),
        st.builds(Line, id=ids, start=points, end=points, **common),
        st.builds(Rectangle, id=ids, box=boxes, **common),
        st.builds(Ellipse, id=ids, box=boxes, **common),
        st.builds(Pen, id=ids, points=ways, **common),
        st.builds(Highlighter, id=ids, points=ways, **common),
        st.builds(Text, id=ids, at=points, text=words, **common),
        st.builds(Callout, id=ids, at=points, text=words, target=points, **common),
        st.builds(Stamp, id=ids, at=points, text=words, stamp=st.sampled_from(StampKind), **common),
        st.builds(Step, id=ids, at=points, **common),
        st.builds(Spotlight, id=ids, box=boxes, **common),
        st.builds(Ruler, id=ids, start=points, end=points, reference=st.none() | references, measured=st.none() | measurements, **common),
        st.builds(Redaction, id=ids, box=boxes, **redacting, **common),
        st.builds(RedactionPen, id=ids, points=ways, **redacting, **common),
    )


@st.composite
def framings(draw, width_px: int, height_px: int) -> Framing:
    turns = draw(st.integers(0, 3))
    if draw(st.booleans()):
        return Framing(None, turns)
    left, top = draw(st.integers(0, width_px - 1)), draw(st.integers(0, height_px - 1))
    return Framing(Box(left, top, draw(st.integers(1, width_px - left)), draw(st.integers(1, height_px - top))), turns)


@st.composite
def _documents(draw) -> Document:
    width, height = draw(st.integers(1, 16384)), draw(st.integers(1, 16384))
    found = draw(st.lists(marks(), max_size=8, unique_by=lambda mark: mark.id).map(tuple))
    return Document(width, height, found, draw(framings(width, height)))


documents = _documents()


@st.composite
def commands_for(draw, document: Document, depth: int = 1) -> Command:
    count = len(document.marks)
    kinds = ["add", "frame", *(["remove", "change", "reorder"] if count else []), *(["together"] if depth else [])]
    match draw(st.sampled_from(kinds)):
        case "add":
            fresh = f"n{draw(st.integers(0, 10**9))}"
            while document.find(fresh):
                fresh += "x"
            return Add(draw(st.integers(0, count)), draw(marks(st.just(fresh))))
        case "frame":
            return Frame(document.framing, draw(framings(document.width_px, document.height_px)))
        case "remove":
            index = draw(st.integers(0, count - 1))
            return Remove(index, document.marks[index])
        case "change":
            index = draw(st.integers(0, count - 1))
            before = document.marks[index]
            return Change(index, before, draw(marks(st.just(before.id))))
        case "reorder":
            return Reorder(draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1)))
        case _:
            parts = []
            for _ in range(draw(st.integers(0, 4))):
                part = draw(commands_for(document, depth - 1))
                document = apply(document, part)
                parts.append(part)
            return Together(tuple(parts))
