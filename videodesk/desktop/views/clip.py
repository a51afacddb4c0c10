"""The clip screen: the clip large with its strip below; play it with its sound, step through it, take frames from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QRect, QTimer, QUrl
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtMultimedia import QAudioOutput, QMediaPlayer, QVideoFrame, QVideoSink
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from videodesk.calls.pictures import Picture
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.i18n import day, duration, error_text, number, t
from videodesk.desktop.presenters.clip import ClipPresenter, ClipStage, ClipState
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.views.call_video import fitted, image_of
from videodesk.desktop.views.film_strip import Film, FilmStrip
from videodesk.desktop.widgets import Banner, Button, ElidedLabel, EmptyState, IconButton, Spinner, View, label

_LOOK_MS: Final = 250
_BACK: Final = (("clip.begin", "player-skip-back"), ("clip.back", "player-track-prev"), ("clip.frame_back", "chevron-left"))
_FORTH: Final = (("clip.frame_forward", "chevron-right"), ("clip.forward", "player-track-next"))


def make(context: DesktopContext) -> View:
    """The clip screen of this session."""
    media = context.media
    return ClipView(ClipPresenter(
        context.api, context.tasks, context.clock, open_clip=media.open_clip if media is not None else None, outbox=context.outbox,
        folder=context.work_dir / "looking", me_id=context.session.person.id, sealer=context.sealer))


class Stage(QWidget):
    """Paints a picture as large as fits: the exact frame, or what the player shows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("clip.stage")
        self._picture: Picture | None = None
        self._playing: QImage | None = None
        self.setMinimumSize(240, 135)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.retranslate()

    @property
    def shown(self) -> Picture | QImage | None:
        """What is painted now."""
        return self._playing if self._playing is not None else self._picture

    def show_picture(self, picture: Picture | None) -> None:
        """Show a frame of the clip."""
        self._picture, self._playing = picture, None
        self.update()

    def show_playing(self, image: QImage) -> None:
        """Show what the player plays."""
        self._playing = image
        self.update()

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t("clip.picture"))

    def restyle(self) -> None:
        """The theme changed."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """The picture on the stage."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), token("stage"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        image = self._playing if self._playing is not None else image_of(self._picture) if self._picture is not None else None
        if image is not None:
            where: QRect = fitted(image.width(), image.height(), self.rect())
            painter.drawImage(where, image)
        painter.end()


class ClipView(View):
    """See the module. `opened(snapshot_id=…)` shows a clip."""

    title_key = "clip.title"

    def __init__(self, presenter: ClipPresenter) -> None:
        super().__init__()
        self.setObjectName("clip")
        self._clip = presenter
        self._state = ClipState()
        self._turn = -1
        self._player: QMediaPlayer | None = None
        self._sound: QAudioOutput | None = None
        self._sink: QVideoSink | None = None
        self._build()
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(presenter.look)
        self.attach(presenter)

    # ── building ───────────────────────────────────────────────────────────────────────────────────────────────

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        self.facts = ElidedLabel(role="muted")
        self.facts.setObjectName("clip.facts")
        self.banner = Banner("danger", can_close=False)
        column.addWidget(self.facts)
        column.addWidget(self.banner)
        self.place = QStackedWidget()
        self.stage = Stage()
        self.waiting = self._make_waiting()
        self.broken = EmptyState("alert-circle", "clip.broken_title", "clip.broken_text", button="common.retry", pressed=self._clip.again)
        for page in (self.waiting, self.stage, self.broken):
            self.place.addWidget(page)
        column.addWidget(self.place, 1)
        self.strip = FilmStrip("clip.strip")
        self.strip.setObjectName("clip.strip")
        self.strip.sought.connect(self._seek)
        self.strip.turned.connect(self._turned)
        column.addWidget(self.strip)
        self.bar = self._make_bar()
        column.addWidget(self.bar)

    def _make_waiting(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Spinner(28))
        self.waiting_words = label(role="body")
        self.waiting_words.setObjectName("clip.waiting")
        row.addWidget(self.waiting_words)
        row.addStretch(1)
        column.addLayout(row)
        self.progress = QProgressBar()
        self.progress.setObjectName("clip.progress")
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(320, 8)
        centre = QHBoxLayout()
        centre.addStretch(1)
        centre.addWidget(self.progress)
        centre.addStretch(1)
        column.addLayout(centre)
        column.addStretch(1)
        return page

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE // 2)
        self.play = IconButton("clip.play", "player-play", size_px=22, pressed=self._play_or_pause)
        self.play.setObjectName("clip.play")
        self.steps: list[IconButton] = []
        for action, symbol in _BACK:
            row.addWidget(self._step(action, symbol))
        row.addWidget(self.play)
        for action, symbol in _FORTH:
            row.addWidget(self._step(action, symbol))
        self.time = label(role="strong")
        self.time.setObjectName("clip.time")
        row.addSpacing(SPACE)
        row.addWidget(self.time)
        self.taken = ElidedLabel(role="caption")
        self.taken.setObjectName("clip.taken")
        row.addSpacing(SPACE)
        row.addWidget(self.taken, 1)
        self.take = Button("clip.take", "primary", pressed=self._clip.take)
        self.take.setObjectName("clip.take")
        row.addWidget(self.take)
        return bar

    def _step(self, action: str, symbol: str) -> IconButton:
        button = IconButton(action, symbol, pressed=lambda: self._do(action))
        button.setObjectName(action)
        self.steps.append(button)
        return button

    # ── the shell's calls ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self, snapshot_id: str = "", **params: Any) -> None:
        """Show this clip; without one, the one that was shown."""
        del params
        if snapshot_id:
            self._clip.show(snapshot_id)
        self._look.start()
        self.strip.setFocus()

    def left(self) -> None:
        """Nothing plays unseen, and no copy of the evidence stays."""
        self._look.stop()
        self._stop()
        self._clip.leave()

    def shut(self) -> None:
        """The program ends."""
        self.left()
        super().shut()

    def act(self, action_id: str) -> bool:
        """Play, step, take."""
        acts: dict[str, Callable[[], object]] = {
            "clip.play": self._play_or_pause, "clip.take": self._take, "clip.begin": partial(self._seek, 0.0),
            "clip.end": lambda: self._seek(self._state.duration_s),
            "clip.back": partial(self._paused, partial(self._clip.step_seconds, -1)),
            "clip.forward": partial(self._paused, partial(self._clip.step_seconds, 1)),
            "clip.frame_back": partial(self._paused, partial(self._clip.step_frames, -1)),
            "clip.frame_forward": partial(self._paused, partial(self._clip.step_frames, 1)),
        }
        act = acts.get(action_id)
        if act is None:
            return False
        if self._state.stage is ClipStage.READY:
            act()
        return True

    def _do(self, action_id: str) -> None:
        self.act(action_id)

    def panes(self) -> list[QWidget]:
        """The strip, the bar."""
        return [self.strip, self.bar]

    def restyle(self) -> None:
        """What is painted by hand."""
        self.stage.restyle()
        self.strip.restyle()

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: ClipState) -> None:
        before, self._state = self._state, state
        if state.path != before.path and state.path is None:
            self._stop()
        is_ready = state.stage is ClipStage.READY
        self.place.setCurrentWidget(self.stage if is_ready else self.broken if state.stage is ClipStage.BROKEN else self.waiting)
        self.strip.setVisible(is_ready)
        self.bar.setVisible(is_ready)
        self.facts.setText(facts_of(state))
        self.facts.setAccessibleName(self.facts.text())
        self._show_waiting(state)
        if state.stage is ClipStage.BROKEN:
            self.broken.text.setText(error_text(state.problem) if state.problem is not None else t("clip.broken_text"))
        if is_ready and state.problem is not None:
            self.banner.say_text(error_text(state.problem), "danger")
        else:
            self.banner.hide()
        if state.turn != self._turn:
            self._turn = state.turn
            if not self.is_playing:
                self.stage.show_picture(state.frame.preview if state.frame is not None else None)
        end_s = max(0.1, state.duration_s)
        self.strip.show_film(Film(0.0, end_s, 0.0 if is_ready else None, end_s, state.position_s, state.pictures), self._words(state))
        self.time.setText(self._words(state))
        self.taken.setText(t("clip.taken", n=state.taken) if state.taken else t("clip.take_hint"))
        self.take.setEnabled(state.frame is not None and not state.is_taking)
        self._show_play()

    def _show_waiting(self, state: ClipState) -> None:
        is_coming = state.stage is ClipStage.DOWNLOADING and state.source is not None
        size = number((state.source.size_bytes if state.source is not None else 0) / 1e6, 1)
        self.waiting_words.setText(t("clip.downloading", percent=state.percent, size=size) if is_coming else t("common.loading"))
        self.progress.setVisible(is_coming)
        self.progress.setValue(state.percent)
        self.progress.setAccessibleName(self.waiting_words.text())

    @staticmethod
    def _words(state: ClipState) -> str:
        return t("clip.time", at=f"{duration(state.position_s)}.{int(state.position_s * 10) % 10}", of=duration(state.duration_s))

    def _show_play(self) -> None:
        self.play.set_icon("player-pause" if self.is_playing else "player-play")
        self.play.set_key("clip.pause" if self.is_playing else "clip.play")

    # ── playing ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_playing(self) -> bool:
        """Whether the player runs."""
        return self._player is not None and self._player.playbackState() is QMediaPlayer.PlaybackState.PlayingState

    def _play_or_pause(self) -> None:
        if self.is_playing:
            self._paused(lambda: None)
            return
        player = self._player or self._make_player()
        if player is None:
            return
        is_at_end = self._state.position_s > self._state.duration_s - 0.1
        player.setPosition(0 if is_at_end else round(self._state.position_s * 1000))
        player.play()

    def _make_player(self) -> QMediaPlayer | None:
        path = self._state.path
        if path is None:
            return None
        player = QMediaPlayer(self)
        self._sound, self._sink = QAudioOutput(player), QVideoSink(player)
        player.setAudioOutput(self._sound)
        player.setVideoSink(self._sink)
        self._sink.videoFrameChanged.connect(self._played)
        player.positionChanged.connect(self._moved)
        player.playbackStateChanged.connect(lambda _state: self._changed())
        player.errorOccurred.connect(lambda _error, _text: self._cannot_play())
        player.setSource(QUrl.fromLocalFile(str(path)))
        self._player = player
        return player

    def _played(self, frame: QVideoFrame) -> None:
        if self.is_playing and frame.isValid():
            self.stage.show_playing(frame.toImage())

    def _moved(self, position_ms: int) -> None:
        if self.is_playing:
            self._clip.played_to(position_ms / 1000)

    def _changed(self) -> None:
        """Paused, or at the end: the exact frame of this moment takes the place of what was played."""
        self._show_play()
        if not self.is_playing and self._state.stage is ClipStage.READY:
            self._clip.go_to(self._state.position_s)

    def _cannot_play(self) -> None:
        """No sound or no decoder on this machine: looking through it works all the same."""
        self.play.setEnabled(False)
        self.play.setToolTip(t("clip.cannot_play"))
        self.play.setAccessibleDescription(t("clip.cannot_play"))

    def _paused(self, then: Callable[[], object]) -> None:
        if self._player is not None and self.is_playing:
            self._player.pause()
        then()

    def _stop(self) -> None:
        player, self._player, self._sink, self._sound = self._player, None, None, None
        if player is not None:
            player.blockSignals(True)
            player.stop()
            player.deleteLater()
        self.play.setEnabled(True)
        self.play.setAccessibleDescription("")

    def _seek(self, at_s: float) -> None:
        self._paused(partial(self._clip.go_to, at_s))

    def _take(self) -> None:
        if self.is_playing:
            self._paused(lambda: None)  # the exact frame comes first: what is seen is taken with the next press
        else:
            self._clip.take()

    def _turned(self, notches: int, by_frame: bool) -> None:
        self._paused(partial(self._clip.step_frames, notches) if by_frame else partial(self._clip.step_seconds, notches))


def facts_of(state: ClipState) -> str:
    """When it was recorded, how long, what of."""
    source = state.source
    if source is None:
        return ""
    begun = source.captured_at.astimezone()
    return " · ".join(filter(None, (
        source.case_number, f"{day(begun)} {begun:%H:%M:%S}", duration(source.duration_s), f"{source.width_px} × {source.height_px}",
        source.codec, "" if source.is_evidence_grade else t("clip.disturbed"))))
