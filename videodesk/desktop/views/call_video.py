"""VideoView: paints the newest picture of a slot. Nothing is ever laid over it but what is drawn on it (`over`)."""

from __future__ import annotations

from typing import Final, Protocol

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from videodesk.calls.ports import Picture, PictureSlot
from videodesk.desktop.i18n import t
from videodesk.desktop.theme import token

_FADED: Final = 0.45
_RIM_PX: Final = 4  # beside a rewound picture, not over it


def image_of(picture: Picture) -> QImage:
    """The picture as a QImage over the same memory (no copy): keep `picture` alive as long as the image."""
    return QImage(picture.buffer, picture.width_px, picture.height_px, picture.stride_bytes, QImage.Format.Format_RGB32)


def fitted(width_px: int, height_px: int, into: QRect) -> QRect:
    """The largest rectangle of this shape in the middle of `into`."""
    if width_px <= 0 or height_px <= 0:
        return QRect()
    size = QSize(width_px, height_px).scaled(into.size(), Qt.AspectRatioMode.KeepAspectRatio)
    made = QRect(0, 0, size.width(), size.height())
    made.moveCenter(into.center())
    return made


class VideoOver(Protocol):
    """What is drawn on the picture, and whose hand draws there. Positions are the widget's."""

    def paint(self, painter: QPainter, where: QRect) -> None:
        """Paint over the picture, which lies at `where`."""
        ...

    def press(self, at: QPointF) -> bool:
        """The left button goes down; whether it is a hand that draws."""
        ...

    def move(self, at: QPointF) -> None:
        """The mouse moves with the button down."""
        ...

    def release(self) -> None:
        """The button goes up."""
        ...

    def key(self, event: QKeyEvent) -> bool:
        """A key; whether it was used."""
        ...


class VideoView(QWidget):
    """The newest picture of a slot, as large as fits, letterboxed. GUI thread; the media thread only wakes it.

    `set_slot` shows another peer's pictures; until its first one the last picture stays, greyed. `set_stale` greys what is shown
    (reconnecting). `set_frozen` shows one picture for a moment (a snapshot was taken).
    """

    fresh = Signal()
    double_clicked = Signal()

    def __init__(self, name_key: str, *, is_mirrored: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name_key = name_key
        self._is_mirrored = is_mirrored
        self._slot: PictureSlot | None = None
        self._picture: Picture | None = None
        self._frozen: Picture | None = None
        self._rewound: Picture | None = None
        self._grey: tuple[Picture, QImage] | None = None
        self._is_stale = False
        self._is_off = False
        self._is_drawing = False
        self.over: VideoOver | None = None
        self.painted_seq = -1  # for tests and benchmarks: the last picture that reached the screen
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 45)
        self.fresh.connect(self.update, Qt.ConnectionType.QueuedConnection)
        self.retranslate()

    @property
    def shown(self) -> Picture | None:
        """The picture on the screen now."""
        return self._frozen or self._rewound or self._picture

    def picture_rect(self) -> QRect:
        """Where the picture is, in the widget's coordinates."""
        shown = self.shown
        if shown is None:
            return QRect()
        room = self.rect().adjusted(_RIM_PX, _RIM_PX, -_RIM_PX, -_RIM_PX) if self._rewound is not None else self.rect()
        return fitted(shown.width_px, shown.height_px, room)

    def set_slot(self, slot: PictureSlot | None) -> None:
        """Take pictures from here; None: keep the last one, greyed."""
        if slot is self._slot:
            return
        if self._slot is not None:
            self._slot.on_fresh(None)
        self._slot = slot
        if slot is not None:
            slot.on_fresh(self.fresh.emit)
            self._ask()
        self.update()

    def set_stale(self, is_stale: bool) -> None:
        """Grey what is shown."""
        if is_stale != self._is_stale:
            self._is_stale = is_stale
            self.update()

    def set_off(self, is_off: bool) -> None:
        """Show nothing (camera off, on hold)."""
        if is_off != self._is_off:
            self._is_off = is_off
            self.update()

    def set_frozen(self, picture: Picture | None) -> None:
        """Show this picture instead, with a bright frame around it; None: the video again."""
        if picture is not self._frozen:
            self._frozen = picture
            self.update()

    def set_rewound(self, picture: Picture | None) -> None:
        """Show this picture of the past with a rim around it; None: the live one again."""
        if picture is not self._rewound:
            self._rewound = picture
            self.update()

    def forget(self) -> None:
        """The call is over: nothing of it stays on the screen or in memory."""
        self.set_slot(None)
        self._picture = self._frozen = self._rewound = self._grey = None
        self.painted_seq = -1
        self.update()

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t(self._name_key))

    def restyle(self) -> None:
        """The theme changed."""
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for pictures of the new size."""
        super().resizeEvent(event)
        self._ask()

    def changeEvent(self, event: QEvent) -> None:
        """Ask again when another screen has another device pixel ratio."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._ask()

    @property
    def is_rewound(self) -> bool:
        """Whether a picture of the past is shown."""
        return self._rewound is not None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Who draws, draws here."""
        is_left = event.button() is Qt.MouseButton.LeftButton
        self._is_drawing = is_left and self.over is not None and not self._is_off and self.over.press(event.position())
        if not self._is_drawing:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The stroke goes on."""
        if self._is_drawing and self.over is not None:
            self.over.move(event.position())
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """And ends."""
        if self._is_drawing and self.over is not None and event.button() is Qt.MouseButton.LeftButton:
            self._is_drawing = False
            self.over.release()
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Full screen and back; two quick marks where somebody draws."""
        self.mousePressEvent(event)
        if not self._is_drawing:
            self.double_clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keyboard draws, too."""
        if self.over is None or not self.over.key(event):
            super().keyPressEvent(event)

    def _ask(self) -> None:
        if self._slot is not None:
            ratio = self.devicePixelRatioF()
            self._slot.ask_size(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Draw the newest picture; what is left over is the stage."""
        if self._slot is not None and (newest := self._slot.take()) is not None:
            self._picture = newest
        painter = QPainter(self)
        shown = None if self._is_off else self.shown
        if shown is None:
            painter.fillRect(self.rect(), token("stage"))
            return
        where = self.picture_rect()
        for around in (QRect(0, 0, self.width(), where.top()), QRect(0, where.bottom() + 1, self.width(), self.height()),
                       QRect(0, where.top(), where.left(), where.height()), QRect(where.right() + 1, where.top(), self.width(), where.height())):
            painter.fillRect(around, token("stage"))
        if self._is_mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        is_stale = self._frozen is None and self._rewound is None and (self._is_stale or self._slot is None)
        # What comes in the asked size is copied as it is; smoothing only matters while the size changes.
        exact = (where.width() * self.devicePixelRatioF(), where.height() * self.devicePixelRatioF()) == (shown.width_px, shown.height_px)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact)
        if is_stale:
            painter.fillRect(where, QColor("black"))
            painter.setOpacity(_FADED)
        painter.drawImage(where, self._grey_of(shown) if is_stale else image_of(shown))
        painter.setOpacity(1.0)
        if self.over is not None:
            self.over.paint(painter, where)
        if self._rewound is not None:
            painter.setPen(QPen(token("accent"), _RIM_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(where.adjusted(-_RIM_PX // 2, -_RIM_PX // 2, _RIM_PX // 2 - 1, _RIM_PX // 2 - 1))
        if self._frozen is not None:
            painter.setPen(QPen(QColor("white"), 6))
            painter.drawRect(where.adjusted(3, 3, -3, -3))
        self.painted_seq = shown.seq

    def _grey_of(self, picture: Picture) -> QImage:
        if self._grey is None or self._grey[0] is not picture:
            self._grey = (picture, image_of(picture).convertToFormat(QImage.Format.Format_Grayscale8))
        return self._grey[1]
