"""The zoom of the customer's camera: a slider between what the camera can, with its factor."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from videodesk.desktop.calling import CallScreen
from videodesk.desktop.i18n import number, t
from videodesk.desktop.theme import token
from videodesk.desktop.widgets import label

_SHEET = """
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {track}; }}
QSlider::sub-page:horizontal {{ border-radius: 2px; background: {knob}; }}
QSlider::handle:horizontal {{ width: 14px; margin: -6px 0; border-radius: 7px; border: 1px solid transparent; background: {knob}; }}
QSlider::handle:horizontal:focus {{ border-color: {focus}; }}
"""
_STEPS = 100
_PAUSE_MS = 120  # a hand on the slider asks the page a few times a second, not at every pixel


class ZoomSlider(QWidget):
    """`zoomed` tells the wanted factor. Steps are even to the eye: the scale is logarithmic."""

    zoomed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = 1.0, 1.0
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("call.zoom")
        self.slider.setRange(0, _STEPS)
        self.slider.setPageStep(10)
        self.slider.setFixedWidth(84)
        self.value = label(role="caption")
        self.value.setFixedWidth(34)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.slider)
        row.addWidget(self.value)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._tell)
        self.slider.valueChanged.connect(self._moved)
        self.retranslate()
        self.restyle()

    def show_state(self, state: CallScreen) -> None:
        """Show the zoom there is, unless a hand is on the slider; hidden where the camera has none."""
        self.setVisible(state.can_zoom)
        if not state.can_zoom or state.call is None:
            return
        self._low, self._high = max(0.01, state.call.customer.zoom_min), state.call.customer.zoom_max
        if not self.slider.isSliderDown() and not self._timer.isActive():
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(_STEPS * math.log(max(state.zoom, self._low) / self._low) / math.log(self._high / self._low)))
            self._say(state.zoom)

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.slider.setAccessibleName(t("call.zoom"))
        self.slider.setToolTip(t("call.zoom.tip"))

    def restyle(self) -> None:
        """A knob that can be seen in every theme."""
        self.slider.setStyleSheet(_SHEET.format(track=token("border_strong").name(), knob=token("accent").name(), focus=token("text").name()))

    def _factor(self) -> float:
        return float(self._low * (self._high / self._low) ** (self.slider.value() / _STEPS))

    def _moved(self, _value: int) -> None:
        self._say(self._factor())
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        self.zoomed.emit(self._factor())

    def _say(self, factor: float) -> None:
        text = t("call.zoom.value", factor=number(factor, 1))
        self.value.setText(text)
        self.slider.setAccessibleDescription(text)
