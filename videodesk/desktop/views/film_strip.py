"""The film strip: small pictures along a ruler of time, hatched gaps, a playhead. Of the live call's last minutes, and of a clip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QSlider, QToolTip, QWidget

from videodesk.calls.capture_ports import Gap, StripPicture
from videodesk.desktop.i18n import duration, t
from videodesk.desktop.theme import token
from videodesk.desktop.views.call_video import image_of

FULL_PX: Final = 56
THIN_PX: Final = 12
_RULED_PX: Final = 40  # from here on there are pictures and a ruler
_RULER_PX: Final = 16
_NOTCH: Final = 120
_MINUTE_S: Final = 60
_TICKS_S: Final = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_LABEL_PX: Final = 64


@dataclass(frozen=True, slots=True)
class Film:
    """What the strip shows: time from `begin_s` to `end_s`, with something to see from `from_s` to `to_s`.

    `position_s` is the playhead (None: at the end, live). `counts_back`: the ruler says how long before `end_s`.
    """

    begin_s: float = 0.0
    end_s: float = 1.0
    from_s: float | None = None
    to_s: float | None = None
    position_s: float | None = None
    pictures: tuple[StripPicture, ...] = ()
    gaps: tuple[Gap, ...] = ()
    counts_back: bool = False

    @property
    def length_s(self) -> float:
        """How much time it shows."""
        return max(1e-3, self.end_s - self.begin_s)


class FilmStrip(QSlider):
    """See the module. `sought` tells the moment that was pressed or dragged to, `let_go` that the drag is over, `turned` the wheel.

    Keys belong to the screen around it (the same everywhere on it); a screen reader sees a slider in whole seconds.
    """

    sought = Signal(float)
    let_go = Signal(float)
    turned = Signal(int, bool)

    def __init__(self, name_key: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._name_key = name_key
        self._film = Film()
        self._held: Film | None = None  # the time axis stands still while it is dragged
        self._hover_x: float | None = None
        self._turn = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(FULL_PX)
        self.valueChanged.connect(self._set_from_outside)
        self.retranslate()

    @property
    def film(self) -> Film:
        """What it shows now."""
        return self._film

    @property
    def is_dragged(self) -> bool:
        """Whether a drag is under way."""
        return self._held is not None

    def show_film(self, film: Film, words: str) -> None:
        """Show this; `words` say to a screen reader where the playhead is."""
        self._film = film
        with QSignalBlocker(self):
            if film.counts_back:
                self.setRange(-max(0, round(film.end_s - (film.from_s if film.from_s is not None else film.end_s))), 0)
                self.setValue(0 if film.position_s is None else -round(film.end_s - film.position_s))
            else:
                self.setRange(0, round(film.end_s))
                self.setValue(round(film.position_s or 0.0))
        self.setAccessibleDescription(words)
        self.setEnabled(film.from_s is not None)
        self.update()

    def set_room(self, high_px: int) -> None:
        """So high; a line only where there is no room for pictures."""
        self.setFixedHeight(max(THIN_PX, min(FULL_PX, high_px)))

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t(self._name_key))
        self.update()

    def restyle(self) -> None:
        """The theme changed."""
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(400, self.maximumHeight())

    def minimumSizeHint(self) -> QSize:
        """It still works narrow."""
        return QSize(120, self.maximumHeight())

    # time and place
    def x_of(self, at_s: float) -> float:
        """Where a moment is."""
        film = self._held_film()
        return (at_s - film.begin_s) / film.length_s * self.width()

    def at(self, x: float) -> float:
        """The moment at a place."""
        film = self._held_film()
        return film.begin_s + min(1.0, max(0.0, x / max(1, self.width()))) * film.length_s

    def _held_film(self) -> Film:
        """The film on the axis that is shown: while dragged, the one at which the drag began."""
        return self._held or self._film

    # the mouse and its kin
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there, and follow."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._held = self._film
            self.sought.emit(self.at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow while pressed; else show where one would go."""
        self._hover_x = event.position().x()
        if self._held is not None:
            self.sought.emit(self.at(self._hover_x))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The axis moves on."""
        if self._held is not None and event.button() is Qt.MouseButton.LeftButton:
            at_s = self.at(event.position().x())
            self._held = None
            self.let_go.emit(at_s)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        super().leaveEvent(event)
        self._hover_x = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A notch is a second, with Shift a frame: up and left is back."""
        delta = event.angleDelta()
        self._turn += delta.y() or delta.x()
        notches, self._turn = int(self._turn / _NOTCH), int(self._turn - int(self._turn / _NOTCH) * _NOTCH)
        if notches:
            self.turned.emit(-notches, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Not here: the screen has the keys."""
        event.ignore()

    def event(self, event: QEvent) -> bool:
        """The tip says the moment under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)

    def tip_at(self, pos: QPoint) -> str:
        """What is at this place, in words: how long ago (or at which second), and why there is nothing."""
        film, at_s = self._held_film(), self.at(pos.x())
        when = ago_words(film.end_s - at_s) if film.counts_back else duration(at_s)
        gap = next((gap for gap in film.gaps if gap.from_s <= at_s and (gap.to_s is None or at_s < gap.to_s)), None)
        if gap is not None:
            return f"{when} · {t(f'call.rewind.gap.{gap.reason.value}')}"
        if film.from_s is None or at_s < film.from_s:
            return t("call.rewind.not_kept")
        return when

    def _set_from_outside(self, value: int) -> None:
        """A screen reader moved the slider."""
        self.sought.emit(self._film.end_s + value if self._film.counts_back else float(value))

    # painting
    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Pictures, gaps, ruler, playhead."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        film = self._on_axis()
        is_thin = self.height() < _RULED_PX
        track = QRect(0, 4, self.width(), self.height() - 8) if is_thin else QRect(0, 3, self.width(), self.height() - _RULER_PX - 4)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(track), 3 if is_thin else 5, 3 if is_thin else 5)
        painter.fillPath(shape, token("surface_sunken"))
        painter.setClipPath(shape)
        self._paint_kept(painter, film, track, with_pictures=not is_thin)
        for gap in film.gaps:
            self._paint_gap(painter, film, gap, track, with_words=not is_thin)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.setPen(QPen(token("focus"), 2))
            painter.drawPath(shape)
        elif not is_thin:
            painter.setPen(QPen(token("border"), 1))
            painter.drawPath(shape)
        if not is_thin:
            self._paint_ruler(painter, film, track)
        self._paint_hover(painter, track)
        self._paint_playhead(painter, film, track)
        painter.end()

    def _on_axis(self) -> Film:
        """The newest film, on the axis of a drag under way."""
        if self._held is None:
            return self._film
        return replace(self._film, begin_s=self._held.begin_s, end_s=self._held.end_s)

    def _paint_kept(self, painter: QPainter, film: Film, track: QRect, *, with_pictures: bool) -> None:
        if film.from_s is None or film.to_s is None:
            return
        left, right = self.x_of(film.from_s), self.x_of(film.to_s)
        kept = QRectF(left, track.y(), max(1.0, right - left), track.height())
        painter.fillRect(kept, token("stage") if with_pictures else token("border_strong"))
        if not with_pictures or not film.pictures:
            return
        painter.save()
        painter.setClipRect(kept, Qt.ClipOperation.IntersectClip)
        first = film.pictures[-1].picture
        cell_px = max(16.0, track.height() * first.width_px / max(1, first.height_px))
        cell_s = cell_px / self.width() * film.length_s
        number = int(film.from_s // cell_s)  # cells are fixed in time: pictures wander with it and do not flicker
        index = 0
        while number * cell_s < film.to_s:
            middle = (number + 0.5) * cell_s
            while index + 1 < len(film.pictures) and abs(film.pictures[index + 1].at_s - middle) <= abs(film.pictures[index].at_s - middle):
                index += 1
            shown = film.pictures[index]
            if abs(shown.at_s - middle) <= max(cell_s, 1.5):
                self._paint_picture(painter, shown, QRectF(self.x_of(number * cell_s), track.y(), cell_px, track.height()))
            number += 1
        painter.restore()

    @staticmethod
    def _paint_picture(painter: QPainter, shown: StripPicture, cell: QRectF) -> None:
        picture = shown.picture
        size = QSize(picture.width_px, picture.height_px).scaled(cell.size().toSize(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        target = QRectF(0, 0, max(size.width(), cell.width()), size.height())
        target.moveCenter(cell.center())
        painter.save()
        painter.setClipRect(cell.adjusted(0, 0, -1, 0), Qt.ClipOperation.IntersectClip)
        painter.drawImage(target, image_of(picture))
        painter.restore()

    def _paint_gap(self, painter: QPainter, film: Film, gap: Gap, track: QRect, *, with_words: bool) -> None:
        left = max(0.0, self.x_of(gap.from_s))
        right = min(float(self.width()), self.x_of(gap.to_s if gap.to_s is not None else film.end_s))
        if right <= left:
            return
        place = QRectF(left, track.y(), max(3.0, right - left), track.height())
        painter.fillRect(place, token("surface_raised"))
        painter.fillRect(place, QBrush(token("border_strong"), Qt.BrushStyle.BDiagPattern))
        words = t(f"call.rewind.gap.{gap.reason.value}")
        painter.setFont(_font(11, QFont.Weight.Medium))
        wide = painter.fontMetrics().horizontalAdvance(words) + 12
        if with_words and wide <= place.width():
            sign = QRectF(0, 0, wide, 18)
            sign.moveCenter(place.center())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(token("surface_raised"))
            painter.drawRoundedRect(sign, 4, 4)
            painter.setPen(token("text"))
            painter.drawText(sign, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_ruler(self, painter: QPainter, film: Film, track: QRect) -> None:
        every = next((step for step in _TICKS_S if step / film.length_s * self.width() >= _LABEL_PX), _TICKS_S[-1])
        painter.setFont(_font(11))
        high = track.bottom() + 2
        count = int(film.length_s / every + 1e-6)
        for number in range(count + 1):
            at_s = film.end_s - number * every if film.counts_back else film.begin_s + number * every
            x = round(self.x_of(at_s))
            painter.setPen(QPen(token("border_strong"), 1))
            painter.drawLine(min(x, self.width() - 1), high, min(x, self.width() - 1), high + 3)
            text = duration(at_s) if not film.counts_back else (t("call.rewind.now") if number == 0 else f"−{duration(number * every)}")
            wide = painter.fontMetrics().horizontalAdvance(text)
            painter.setPen(token("text_muted"))
            painter.drawText(QRect(min(max(0, x - wide // 2), self.width() - wide - 1), high + 2, wide + 2, _RULER_PX - 4),
                             Qt.AlignmentFlag.AlignCenter, text)

    def _paint_hover(self, painter: QPainter, track: QRect) -> None:
        if self._hover_x is not None and self._held is None and self.isEnabled():
            painter.setPen(QPen(token("text"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(self._hover_x, track.top()), QPointF(self._hover_x, track.bottom()))

    def _paint_playhead(self, painter: QPainter, film: Film, track: QRect) -> None:
        if film.from_s is None or (film.position_s is None and film.counts_back):
            return
        at_s = max(film.from_s, film.position_s or 0.0)
        x = min(max(3.0, self.x_of(at_s)), self.width() - 3.0)
        top, bottom = track.top() - 3, track.bottom() + 3
        for width, colour in ((7, token("surface")), (3, token("accent"))):  # a rim: it is seen on every picture
            painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        if self.height() >= _RULED_PX:
            painter.setPen(QPen(token("surface"), 1.5))
            painter.setBrush(token("accent"))
            painter.drawPolygon(QPolygonF([QPointF(x - 7, top - 1), QPointF(x + 7, top - 1), QPointF(x, top + 8)]))


def ago_words(seconds: float) -> str:
    """How long ago: `12 s ago`, `1:12 ago`."""
    whole = max(0, int(seconds + 0.5))
    return t("call.rewind.ago", time=f"{whole} s" if whole < _MINUTE_S else duration(whole))


def _font(size_px: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    font = QFont("Inter")
    font.setPixelSize(size_px)
    font.setWeight(weight)
    return font
