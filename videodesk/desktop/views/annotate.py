"""The annotate screen: header with how far the marks are saved, toolbar, canvas, list of marks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from videodesk.annotation.arranging import Alignment, Axis
from videodesk.desktop.annotating import MAX_QUICK_STYLES, AnnotateState, Filed, QuickStyle, Tool
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.drawing.pictures import Pixels, decode
from videodesk.desktop.drawing.rendition import image_of, render, rendered_pixels
from videodesk.desktop.drawing.viewport import ZOOM_STEP
from videodesk.desktop.i18n import error_text, moment_text, number, t
from videodesk.desktop.keys import spec_of
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.annotate_canvas import AnnotateCanvas
from videodesk.desktop.views.annotate_exchange import MarksExchange
from videodesk.desktop.views.annotate_measure import TOOLS as MEASURE_TOOLS
from videodesk.desktop.views.annotate_measure import make_panel
from videodesk.desktop.views.annotate_menu import make_menu
from videodesk.desktop.views.annotate_redact import TOOLS as REDACT_TOOLS
from videodesk.desktop.views.annotate_redact import make_redact_panel
from videodesk.desktop.views.annotate_side_panel import Page, SidePanel
from videodesk.desktop.views.annotate_toolbar import AnnotateToolbar
from videodesk.desktop.views.screen_keys import action_of, is_typing
from videodesk.desktop.widgets import Banner, Button, ElidedLabel, EmptyState, Icon, IconButton, Label, Spinner, View

# More names for the same tools, as people know them from other programs.
_MORE_KEYS: Final = {
    Qt.Key.Key_E: Tool.ELLIPSE, Qt.Key.Key_C: Tool.ELLIPSE, Qt.Key.Key_D: Tool.LINE, Qt.Key.Key_1: Tool.SELECT, Qt.Key.Key_2: Tool.RECTANGLE,
    Qt.Key.Key_4: Tool.ELLIPSE, Qt.Key.Key_5: Tool.ARROW, Qt.Key.Key_6: Tool.LINE, Qt.Key.Key_7: Tool.PEN, Qt.Key.Key_8: Tool.TEXT,
}
_FILED_LOOK: Final = {
    Filed.SAVED: ("cloud-check", "ok"), Filed.UNSAVED: ("circle-dot", "text_muted"), Filed.SAVING: ("cloud-up", "accent"),
    Filed.FAILED: ("cloud-off", "danger"), Filed.CONFLICT: ("alert-triangle", "warning"),
}


class AnnotateView(View):
    """Opened with `snapshot_id`."""

    title_key = "annotate.title"

    def __init__(self, context: DesktopContext, presenter: AnnotatePresenter, pages: tuple[Page, ...] = (),
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("annotate")
        self._context = context
        self.marks = presenter
        self._snapshot_id = ""
        self.canvas = AnnotateCanvas(presenter)
        self.toolbar = AnnotateToolbar()
        self.panel = SidePanel(presenter, self._press, pages)
        self.banner = Banner(can_close=False)
        self._over = Button("annotate.save_over", "primary", pressed=presenter.save_over)
        self._over.setObjectName("annotate.save_over")
        self.exchange = MarksExchange(presenter, context.navigation, self)
        self._acts = self._all_acts()
        self._build()
        self._connect()
        self.attach(presenter)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, SPACE + 4, 3 * SPACE, SPACE + 4)
        column.setSpacing(SPACE)
        column.addLayout(self._header())
        layout = self.banner.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.insertWidget(2, self._over)
        column.addWidget(self.banner)
        column.addWidget(self.toolbar)
        middle = QHBoxLayout()
        middle.setSpacing(SPACE + 4)
        stage = QVBoxLayout()
        stage.setSpacing(4)
        self._pages = QStackedWidget()
        waiting = QWidget()
        waiting_column = QVBoxLayout(waiting)
        waiting_column.addWidget(Spinner(32), 0, Qt.AlignmentFlag.AlignCenter)
        self._trouble = EmptyState("photo-x", "annotate.trouble", "annotate.trouble_hint", button="common.retry", pressed=self._open_again)
        for page in (self.canvas, waiting, self._trouble):
            self._pages.addWidget(page)
        stage.addWidget(self._pages, 1)
        stage.addLayout(self._footer())
        middle.addLayout(stage, 1)
        middle.addWidget(self.panel)
        column.addLayout(middle, 1)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        self._facts = ElidedLabel(role="muted")
        row.addWidget(self._facts, 1)
        self._filed_icon = Icon("cloud-check", "ok", 18)
        self._filed_text = Label(role="muted")
        self._filed_text.setObjectName("annotate.filed")
        row.addWidget(self._filed_icon)
        row.addWidget(self._filed_text)
        row.addSpacing(SPACE)
        copy = Button("annotate.copy_picture", "ghost", pressed=self.copy_picture)
        copy.setObjectName("annotate.copy_picture")
        self._save = Button("annotate.save", "primary", pressed=self.marks.save)
        self._save.setObjectName("annotate.save")
        row.addWidget(copy)
        row.addWidget(self._save)
        return row

    def _footer(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        row.setContentsMargins(0, 0, 0, 0)
        self._hint = ElidedLabel(role="caption")
        row.addWidget(self._hint, 1)
        self._zoom = Button("annotate.actual_size", "ghost", pressed=lambda: self.canvas.zoom_to(1.0))
        self._zoom.setObjectName("annotate.zoom")
        self._zoom.setIcon(QIcon())
        self._zoom.setMinimumWidth(84)
        for what, intent in (("annotate.zoom_out", lambda: self.canvas.zoom_by(1 / ZOOM_STEP)), ("", None),
                             ("annotate.zoom_in", lambda: self.canvas.zoom_by(ZOOM_STEP)), ("annotate.fit", self.canvas.fit)):
            if intent is None:
                row.addWidget(self._zoom)
                continue
            button = IconButton(what, size_px=18, pressed=intent)
            button.setObjectName(what)
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        self.toolbar.tool_chosen.connect(self.choose_tool)
        self.toolbar.keep_toggled.connect(lambda keeps: self.marks.keep_tool(keeps=keeps))
        self.toolbar.acted.connect(self._press)
        self.canvas.viewed.connect(self._show_zoom)
        self.canvas.menu_asked.connect(self._show_menu)

    # ── the screen's life ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self, snapshot_id: str = "", **params: Any) -> None:
        """Show a snapshot."""
        del params
        self._snapshot_id = snapshot_id or self._snapshot_id
        self._open_again()
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def left(self) -> None:
        """Another screen came: what is unsaved is saved on the way."""
        self.marks.close()

    def panes(self) -> list[QWidget]:
        """Toolbar, canvas, list."""
        return [self.toolbar, self.canvas, self.panel]

    def _open_again(self) -> None:
        if self._snapshot_id:
            self.marks.open(self._snapshot_id)

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: AnnotateState) -> None:
        """Show the state."""
        self._pages.setCurrentIndex(0 if state.picture is not None else 1 if state.is_loading or state.problem is None else 2)
        self.toolbar.show_state(state)
        self.canvas.show_state(state)
        self.panel.show_state(state)
        self._show_header(state)
        self._show_problem(state)
        self._hint.setText(self._hint_for(state))
        self._show_zoom()

    @staticmethod
    def _hint_for(state: AnnotateState) -> str:
        if len(state.selected_ids) > 1:
            return t("annotate.hint.several", n=len(state.selected_ids))
        return t(f"annotate.hint.{state.tool}" if state.selected is None else "annotate.hint.selected")

    def _show_header(self, state: AnnotateState) -> None:
        snapshot = state.snapshot
        facts = "" if snapshot is None else t(
            "annotate.facts", case=snapshot.case_number, at=moment_text(snapshot.captured_at, self._context.clock.now()),
            width=snapshot.width_px, height=snapshot.height_px)
        self._facts.setText(facts)
        self._facts.setToolTip("")
        icon_name, colour = _FILED_LOOK[state.filed]
        self._filed_icon.set(icon_name, colour)
        self._filed_icon.setVisible(snapshot is not None)
        self._filed_text.setText("" if snapshot is None else t(f"annotate.filed.{state.filed}"))
        self._save.setEnabled(state.filed in {Filed.UNSAVED, Filed.FAILED})

    def _show_problem(self, state: AnnotateState) -> None:
        problem = state.problem
        self._over.setVisible(state.filed is Filed.CONFLICT)
        if state.picture is None and problem is not None:
            self._trouble.text.setText(error_text(problem))
            self.banner.hide()
        elif problem is None:
            self.banner.hide()
        elif state.filed is Filed.CONFLICT:
            self.banner.say("annotate.conflict", "warning", button_key="annotate.show_theirs", pressed=self.marks.reload)
        else:
            self.banner.say_text(t("annotate.not_saved", why=error_text(problem)), "danger", button_key="common.retry", pressed=self.marks.save)

    def _show_zoom(self) -> None:
        self._zoom.setText(f"{number(self.canvas.view.zoom * 100)} %")

    def retranslate(self) -> None:
        """All in the language chosen now."""
        super().retranslate()
        self._show_zoom()

    # ── what the person can do ─────────────────────────────────────────────────────────────────────────────────

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; the canvas gets the keys."""
        self.marks.choose_tool(tool)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def copy_picture(self) -> None:
        """Put the picture with its marks (and its redactions) on the clipboard."""
        state = self.marks.state
        if state.picture is None:
            return
        picture, document = state.picture, state.document

        def done(pixels: Pixels) -> None:
            QGuiApplication.clipboard().setImage(image_of(pixels).copy())
            self._context.navigation.notify("annotate.copied")

        self.marks.tasks.run("annotate.copy", lambda: asyncio.to_thread(rendered_pixels, picture, document), done, replaces=True)

    def compare(self) -> None:
        """Show the picture beside the one that it replaces, or that belongs beside it."""
        if self._snapshot_id:
            self._context.open("compare", snapshot_ids=(self._snapshot_id,))

    def act(self, action_id: str) -> bool:
        """Do one of the screen's actions."""
        return self.do(action_id.removeprefix("annotate."))

    def do(self, name: str) -> bool:
        """Do an action of the annotate scope by its name; False when there is none."""
        if name in Tool.__members__.values():
            self.choose_tool(Tool(name))
            return True
        act = self._acts.get(name)
        if act is None:
            return False
        act()
        return True

    def knows(self, name: str) -> bool:
        """Whether the screen can do an action of this name."""
        return name in self._acts or name in Tool.__members__.values()

    def _press(self, name: str) -> None:
        """A button or a menu's entry."""
        self.do(name)

    def _show_menu(self, place: QPoint) -> None:
        """The menu of what lies under the pointer."""
        menu = make_menu(self.marks.state, self._press, self.marks.choose_colour, self)
        menu.popup(self.canvas.mapToGlobal(place))

    def _all_acts(self) -> dict[str, Callable[[], object]]:
        marks, canvas = self.marks, self.canvas
        acts: dict[str, Callable[[], object]] = {
            "turn_right": lambda: marks.turn(1), "turn_left": lambda: marks.turn(-1),
            "forward": lambda: marks.raise_selected(1), "backward": lambda: marks.raise_selected(-1),
            "keep_tool": lambda: marks.keep_tool(keeps=not marks.state.keeps_tool),
            "export_web": self.exchange.ask_where_to, "import_web": self.exchange.ask_which, "copy_picture": self.copy_picture,
            "compare": self.compare, "fit": canvas.fit, "loupe": canvas.toggle_loupe, "actual_size": lambda: canvas.zoom_to(1.0),
            "zoom_in": lambda: canvas.zoom_by(ZOOM_STEP), "zoom_out": lambda: canvas.zoom_by(1 / ZOOM_STEP),
        }
        for act in (marks.undo, marks.redo, marks.delete, marks.delete_all, marks.duplicate, marks.select_all, marks.copy, marks.cut, marks.paste,
                    marks.to_front, marks.to_back, marks.group, marks.ungroup, marks.copy_style, marks.paste_style, marks.reset_framing, marks.save):
            acts[act.__name__] = act
        acts |= {f"align_{alignment}": partial(marks.align, alignment) for alignment in Alignment}
        acts |= {f"distribute_{axis}": partial(marks.distribute, axis) for axis in Axis}
        return acts

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no widget took."""
        action_id = action_of(event, "annotate")
        if action_id is not None and self.act(action_id):
            return
        tool = _MORE_KEYS.get(Qt.Key(event.key()))
        if tool is not None and not event.modifiers() and not is_typing() and spec_of(f"annotate.{tool}").shortcut:
            self.choose_tool(tool)
            return
        if event.key() == Qt.Key.Key_Y and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.marks.redo()
            return
        super().keyPressEvent(event)


def make(context: DesktopContext) -> View:
    """The annotate screen for this session."""
    kept = (QuickStyle.read(spelled) for spelled in context.preferences.value.annotate_styles)

    def keep(styles: tuple[QuickStyle, ...]) -> None:
        context.preferences.change(annotate_styles=[style.spelled for style in styles])

    presenter = AnnotatePresenter(context.api, context.tasks, context.clock, decode=decode, render=render, measure=text_box,
                                  tell=context.navigation.notify, sealer=context.sealer, styles_kept=keep,
                                  quick_styles=tuple(style for style in kept if style is not None)[:MAX_QUICK_STYLES])
    measuring, redacting = make_panel(context, presenter), make_redact_panel(context, presenter)
    view = AnnotateView(context, presenter, (
        Page("measure.title", measuring, measuring, MEASURE_TOOLS), Page("redact.title", redacting, redacting, REDACT_TOOLS)))
    view.canvas.proposals.follow(redacting.presenter, partial(view.panel.show_page, redacting))
    return view
