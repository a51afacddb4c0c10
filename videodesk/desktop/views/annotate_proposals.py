"""What is proposed to be redacted, outlined on the canvas until somebody decides. Lies over the picture; never part of a rendition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QKeyEvent, QPainter, QPen, QRegion

from videodesk.annotation.marks import Kind
from videodesk.annotation.privacy_ports import Proposal, Seen
from videodesk.desktop.annotating import Tool
from videodesk.desktop.i18n import t, word
from videodesk.desktop.presenters.annotate_redact import RedactPresenter, RedactState
from videodesk.desktop.views.annotate_gesture import Does, Gesture
from videodesk.desktop.views.annotate_surface import Surface

# Light dashes on a dark line are seen on every picture, in either theme.
_DARK: Final = QColor(17, 20, 24)
_LIGHT: Final = QColor(255, 255, 255)
_AT_HAND: Final = QColor("#ffd43b")
_DASH_PX: Final = (6.0, 4.0)  # logical pixels
_LONG_DASH_PX: Final = (11.0, 3.0)
_SMALLEST: Final = 14.0  # logical pixels: a face in a crowd is seen, and hit, also when the whole picture is shown
_TAG: Final = 18.0  # logical pixels high
_PADDING: Final = 6.0
_GAP: Final = 3.0  # logical pixels between an outline and its tag
_FONT_PX: Final = 11
_RIM: Final = 4.0  # logical pixels that lines and their smoothing reach beyond a rectangle
_TOOLS: Final = frozenset({Tool.SELECT, Tool.REDACTION, Tool.REDACTION_PEN})
_KINDS: Final = frozenset({Kind.REDACTION, Kind.REDACTION_PEN})


def words_of(one: Proposal) -> str:
    """What is proposed, in a word or two."""
    return t("redact.text") if one.seen is Seen.TEXT else word("redact.reason", one.reason)


def tag_of(number: int, one: Proposal) -> str:
    """A proposal by its number and what it is."""
    return f"{number} · {words_of(one)}"


@dataclass(frozen=True, slots=True)
class Outline:
    """The proposal at `place` of the list as it lies in the widget, in logical pixels, with the tag at its corner."""

    place: int
    rect: QRectF
    tag: QRectF
    words: str
    is_at_hand: bool

    @property
    def look(self) -> tuple[object, ...]:
        """Equal where two are painted the same."""
        return self.rect.getRect(), self.tag.getRect(), self.words, self.is_at_hand

    @property
    def area(self) -> QRectF:
        """All that is painted of it."""
        return self.rect.united(self.tag).adjusted(-_RIM, -_RIM, _RIM, _RIM)


class CanvasProposals:
    """The outlines, and what pointer and keys do with them. `repaint` paints a part of the canvas again soon."""

    def __init__(self, canvas: Surface, repaint: Callable[[QRegion], None]) -> None:
        self._canvas, self._repaint = canvas, repaint
        self._presenter: RedactPresenter | None = None
        self._state = RedactState()
        self._taken: Callable[[], object] = lambda: None

    def follow(self, presenter: RedactPresenter, taken: Callable[[], object]) -> None:
        """Outline what this presenter proposes; `taken` hears that one was clicked."""
        self._presenter, self._taken = presenter, taken
        presenter.watch(self._show)

    def _show(self, state: RedactState) -> None:
        if (state.proposals, state.chosen) == (self._state.proposals, self._state.chosen):
            return
        before, was_at_hand = self.outlines(), self._state.at_hand
        self._state = state
        self._paint_again(before, self.outlines())
        if state.at_hand is not None and state.at_hand is not was_at_hand and self._canvas.gesture is None:
            self._bring_in_sight(state.at_hand)

    def _paint_again(self, before: list[Outline], now: list[Outline]) -> None:
        """Only where they look different."""
        old, new = {one.look: one for one in before}, {one.look: one for one in now}
        region = QRegion()
        for look in old.keys() ^ new.keys():
            region += (old.get(look) or new[look]).area.toAlignedRect()
        if not region.isEmpty():
            self._repaint(region)

    def _bring_in_sight(self, one: Proposal) -> None:
        """Pan where it lies out of sight; the zoom stays."""
        rect, room = self._canvas.placing.rect(one.box), QRectF(self._canvas.rect())
        if room.width() > 0 and not room.contains(rect.center()):
            self._canvas.pan_by(room.center().x() - rect.center().x(), room.center().y() - rect.center().y())

    # ── where they lie ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _is_active(self) -> bool:
        """Whether one is at hand for pointer and keys: not while another tool draws."""
        return self._canvas.state.tool in _TOOLS

    def outlines(self) -> list[Outline]:
        """All that are in sight, the one at hand last: it is painted over the others."""
        canvas, state = self._canvas, self._state
        if canvas.state.picture is None or canvas.state.tool is Tool.CROP or not state.proposals:
            return []
        room, placing, metrics = QRectF(canvas.rect()), canvas.placing, QFontMetricsF(_font())
        rects = {place: rect for place, one in enumerate(state.proposals) if (rect := _at_least(placing.rect(one.box))).intersects(room)}
        found = []
        for place, rect in rects.items():
            is_at_hand = self._is_active and place == state.chosen
            words = tag_of(state.numbers[place], state.proposals[place]) if is_at_hand else str(state.numbers[place])
            others = [other for at, other in rects.items() if at != place] if is_at_hand else ()  # a number is small, a word may hide a line
            found.append(Outline(place, rect, _tag_place(rect, metrics.horizontalAdvance(words), room, others), words, is_at_hand))
        return sorted(found, key=lambda one: one.is_at_hand)

    def at(self, place: QPointF) -> int | None:
        """The proposal that a click here means: whose tag it is, else the smallest around it."""
        found = self.outlines()
        for one in reversed(found):
            if one.tag.contains(place):
                return one.place
        around = [(one.rect.width() * one.rect.height(), one.place) for one in found if one.rect.contains(place)]
        return min(around)[1] if around else None

    def is_tag_at(self, place: QPointF) -> bool:
        """Whether a tag lies here: over all marks."""
        return self._is_active and any(one.tag.contains(place) for one in self.outlines())

    # ── pointer and keys ───────────────────────────────────────────────────────────────────────────────────────

    def take_click(self, gesture: Gesture) -> bool:
        """Whether the press that ends now was a click on a proposal: it is at hand then. What moved draws or selects as ever."""
        is_click = not gesture.has_moved and (gesture.does is Does.BAND or (gesture.does is Does.DRAW and gesture.kind in _KINDS))
        place = self.at(gesture.pressed_at) if is_click and self._is_active else None
        if place is None or self._presenter is None:
            return False
        self._canvas.presenter.select(None)
        self._presenter.choose(place)
        self._taken()
        return True

    def press(self, event: QKeyEvent) -> bool:
        """Enter redacts the one at hand, Delete leaves it, Esc lets go of it; with marks selected the keys are theirs."""
        canvas, presenter = self._canvas, self._presenter
        is_free = canvas.gesture is None and not canvas.has_loupe and not canvas.state.selected_ids
        if presenter is None or self._state.at_hand is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not (self._is_active and is_free):
            return False
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                presenter.accept()
                if self._state.proposals:  # the next one is at hand, not the mark that was just made
                    canvas.presenter.select(None)
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                presenter.decline()
            case Qt.Key.Key_Escape:
                presenter.let_go()
            case _:
                return False
        return True

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────────────

    def paint(self, painter: QPainter) -> None:
        """Outlines first, then the tags over them. For a painter on logical pixels."""
        found = self.outlines()
        if not found:
            return
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for one in found:
            wide = 2.5 if one.is_at_hand else 1.5
            painter.setPen(QPen(_DARK, wide + 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
            painter.drawRect(one.rect)
            dashes = QPen(_AT_HAND if one.is_at_hand else _LIGHT, wide, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)
            dashes.setDashPattern([length / wide for length in (_LONG_DASH_PX if one.is_at_hand else _DASH_PX)])
            painter.setPen(dashes)
            painter.drawRect(one.rect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(_font())
        for one in found:
            painter.setPen(QPen(_DARK if one.is_at_hand else _LIGHT, 1))
            painter.setBrush(_AT_HAND if one.is_at_hand else _DARK)
            painter.drawRoundedRect(one.tag.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.drawText(one.tag, int(Qt.AlignmentFlag.AlignCenter), one.words)
        painter.restore()


def _font() -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPixelSize(_FONT_PX)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _at_least(rect: QRectF) -> QRectF:
    """On whole pixels, around what is proposed, and never too small to see."""
    across, down = max(0.0, _SMALLEST - rect.width()) / 2, max(0.0, _SMALLEST - rect.height()) / 2
    return QRectF(rect.adjusted(-across - 1, -down - 1, across + 1, down + 1).toAlignedRect())


def _tag_place(rect: QRectF, words_px: float, room: QRectF, others: Sequence[QRectF]) -> QRectF:
    """Beside a line of print, else above the corner; where there is no room or one of `others` lies, on another side; inside at last."""
    wide = max(_TAG, float(round(words_px + 2 * _PADDING)))
    left, right = QPointF(rect.left() - wide - _GAP, rect.top()), QPointF(rect.right() + _GAP, rect.top())
    above, below = QPointF(rect.left(), rect.top() - _TAG - _GAP), QPointF(rect.left(), rect.bottom() + _GAP)
    size = QSizeF(wide, _TAG)
    corners = (left, right, above, below) if rect.width() >= 2 * rect.height() else (above, below, left, right)
    possible = [tag for tag in (QRectF(corner, size) for corner in corners) if room.contains(tag)]
    free = next((tag for tag in possible if not any(tag.intersects(other) for other in others)), None)
    inside = QRectF(QPointF(min(max(rect.left(), room.left()) + _GAP, room.right() - wide), max(rect.top(), room.top()) + _GAP), size)
    return free or next(iter(possible), inside)
