"""Hypothesis strategies for marks, documents and commands that fit them."""

from hypothesis import strategies as st

from videodesk.annotation.document import Add, Change, Command, Document, Remove, Reorder, Together, apply
from videodesk.annotation.marks import Arrow, Box, Ellipse, Line, Mark, Pen, Point, Rectangle, Redaction, Step, Text

coordinates = st.floats(-4000, 8000, allow_nan=False)
sizes = st.floats(0, 5000, allow_nan=False)
points = st.builds(Point, coordinates, coordinates)
boxes = st.builds(Box, coordinates, coordinates, sizes, sizes)
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
common = {
    "colour": st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    "width_px": st.floats(0.5, 400, allow_nan=False),
    "name": words,
}


def marks(ids=st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)) -> st.SearchStrategy[Mark]:
    return st.one_of(
        st.builds(Arrow, id=ids, start=points, end=points, **common),
        st.builds(Line, id=ids, start=points, end=points, **common),
        st.builds(Rectangle, id=ids, box=boxes, **common),
        st.builds(Ellipse, id=ids, box=boxes, **common),
        st.builds(Pen, id=ids, points=st.lists(points, min_size=1, max_size=12).map(tuple), **common),
        st.builds(Text, id=ids, at=points, text=words, **common),
        st.builds(Step, id=ids, at=points, **common),
        st.builds(Redaction, id=ids, box=boxes, **common),
    )


documents = st.builds(
    Document, st.integers(1, 16384), st.integers(1, 16384),
    st.lists(marks(), max_size=8, unique_by=lambda mark: mark.id).map(tuple),
)


@st.composite
def commands_for(draw, document: Document, depth: int = 1) -> Command:
    count = len(document.marks)
    kinds = ["add", *(["remove", "change", "reorder"] if count else []), *(["together"] if depth else [])]
    match draw(st.sampled_from(kinds)):
        case "add":
            fresh = f"n{draw(st.integers(0, 10**9))}"
            while document.find(fresh):
                fresh += "x"
            return Add(draw(st.integers(0, count)), draw(marks(st.just(fresh))))
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
