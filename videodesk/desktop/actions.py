"""The one table of actions: menu, toolbar, shortcuts and the `?` sheet are made from it. No Qt.

A shortcut is in Qt's portable spelling ("Ctrl+1"). `scope` is the screen in which it works ("" everywhere). Single keys only work
while no text field has the focus (WCAG 2.1.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing a person can do from the keyboard, by a button or from a menu."""

    id: str
    text_key: str
    icon: str = ""
    shortcut: str = ""
    scope: str = ""

    @property
    def is_single_key(self) -> bool:
        """Whether the shortcut is a plain character, which typing would trigger."""
        return len(self.shortcut) == 1


SCOPES: Final = ("", "inbox", "cases", "case", "call", "clip", "annotate", "compare", "review", "settings")

ACTIONS: Final[tuple[ActionSpec, ...]] = (
    ActionSpec("go.inbox", "shell.inbox", "inbox", "Ctrl+1"),
    ActionSpec("go.cases", "shell.cases", "folders", "Ctrl+2"),
    ActionSpec("go.review", "shell.review", "eye-check", "Ctrl+3"),
    ActionSpec("go.settings", "shell.settings", "settings", "Ctrl+4"),
    ActionSpec("go.back", "shell.back", "arrow-left", "Alt+Left"),
    ActionSpec("pane.next", "shell.next_pane", "", "F6"),
    ActionSpec("pane.previous", "shell.previous_pane", "", "Shift+F6"),
    ActionSpec("help.open", "shell.help", "help", "F1"),
    ActionSpec("help.shortcuts", "shell.shortcuts", "keyboard", "?"),
    ActionSpec("palette.open", "shell.palette", "command", "Ctrl+K"),
    ActionSpec("program.quit", "shell.quit", "logout", "Ctrl+Q"),
    # inbox
    ActionSpec("inbox.accept", "inbox.accept_next", "phone-incoming", "Ctrl+Return", "inbox"),
    ActionSpec("inbox.refresh", "common.refresh", "refresh", "F5", "inbox"),
    # cases
    ActionSpec("cases.new", "cases.new", "plus", "Ctrl+N", "cases"),
    ActionSpec("cases.search", "cases.search", "search", "Ctrl+F", "cases"),
    ActionSpec("cases.refresh", "common.refresh", "refresh", "F5", "cases"),
    # case
    ActionSpec("case.save", "case.save", "device-floppy", "Ctrl+S", "case"),
    ActionSpec("case.invite", "case.invite", "video-plus", "Ctrl+I", "case"),
    ActionSpec("case.note", "case.add_note", "note", "Ctrl+M", "case"),
    ActionSpec("case.package", "case.package", "package", "Ctrl+Shift+E", "case"),
    ActionSpec("case.report", "case.report", "file-text", "Ctrl+Shift+R", "case"),
    ActionSpec("case.compare", "case.compare", "columns-2", "Ctrl+Shift+C", "case"),
    ActionSpec("case.proof", "case.proof", "shield-check", "Ctrl+Shift+P", "case"),
    # call
    ActionSpec("call.snapshot", "call.snapshot", "camera", "S", "call"),
    ActionSpec("call.microphone", "call.microphone", "microphone", "M", "call"),
    ActionSpec("call.camera", "call.camera", "video", "V", "call"),
    ActionSpec("call.hold", "call.hold", "player-pause", "H", "call"),
    ActionSpec("call.full_screen", "call.full_screen", "maximize", "F", "call"),
    ActionSpec("call.pop_out", "call.pop_out", "picture-in-picture", "P", "call"),
    ActionSpec("call.chat", "call.chat", "message", "C", "call"),
    ActionSpec("call.rewind_back", "call.rewind.back", "player-track-prev", "Left", "call"),
    ActionSpec("call.rewind_forward", "call.rewind.forward", "player-track-next", "Right", "call"),
    ActionSpec("call.rewind_frame_back", "call.rewind.frame_back", "chevron-left", "Shift+Left", "call"),
    ActionSpec("call.rewind_frame_forward", "call.rewind.frame_forward", "chevron-right", "Shift+Right", "call"),
    ActionSpec("call.rewind_oldest", "call.rewind.oldest", "player-skip-back", "Home", "call"),
    ActionSpec("call.rewind_live", "call.rewind.to_live", "player-skip-forward", "End", "call"),
    ActionSpec("call.keep_clip", "call.keep_clip", "movie", "K", "call"),
    ActionSpec("call.record", "call.record", "player-record", "Shift+R", "call"),
    ActionSpec("call.swap", "call.swap", "arrows-exchange", "X", "call"),
    ActionSpec("call.again", "call.again", "repeat", "R", "call"),
    ActionSpec("call.read", "call.read", "scan", "L", "call"),
    ActionSpec("call.take_over", "call.take_over", "clipboard-check", "E", "call"),
    ActionSpec("call.zoom_in", "call.zoom_in", "zoom-in", "Z", "call"),
    ActionSpec("call.zoom_out", "call.zoom_out", "zoom-out", "Shift+Z", "call"),
    ActionSpec("call.hang_up", "call.hang_up", "phone-off", "Ctrl+Shift+H", "call"),
    ActionSpec("call.draw", "live.draw", "pencil", "Q", "call"),
    ActionSpec("call.live_pointer", "live.tool.pointer", "pointer", "W", "call"),
    ActionSpec("call.live_arrow", "live.tool.arrow", "arrow-up-right", "A", "call"),
    ActionSpec("call.live_line", "live.tool.line", "line", "I", "call"),
    ActionSpec("call.live_rectangle", "live.tool.rectangle", "square", "B", "call"),
    ActionSpec("call.live_ellipse", "live.tool.ellipse", "circle", "O", "call"),
    ActionSpec("call.live_pen", "live.tool.pen", "pencil", "D", "call"),
    ActionSpec("call.live_step", "live.tool.step", "square-number-1", "N", "call"),
    ActionSpec("call.live_colour", "live.tool.colour", "palette", "Y", "call"),
    ActionSpec("call.live_fades", "live.tool.fades", "clock", "T", "call"),
    ActionSpec("call.live_freeze", "live.tool.freeze", "photo", "G", "call"),
    ActionSpec("call.live_undo", "live.tool.undo", "arrow-back-up", "Ctrl+Z", "call"),
    ActionSpec("call.live_clear", "live.tool.clear", "eraser", "Del", "call"),
    # clip
    ActionSpec("clip.play", "clip.play", "player-play", "P", "clip"),
    ActionSpec("clip.take", "clip.take", "camera", "S", "clip"),
    ActionSpec("clip.back", "clip.back", "player-track-prev", "Left", "clip"),
    ActionSpec("clip.forward", "clip.forward", "player-track-next", "Right", "clip"),
    ActionSpec("clip.frame_back", "clip.frame_back", "chevron-left", "Shift+Left", "clip"),
    ActionSpec("clip.frame_forward", "clip.frame_forward", "chevron-right", "Shift+Right", "clip"),
    ActionSpec("clip.begin", "clip.begin", "player-skip-back", "Home", "clip"),
    ActionSpec("clip.end", "clip.end", "player-skip-forward", "End", "clip"),
    # annotate
    ActionSpec("annotate.select", "annotate.select", "pointer", "V", "annotate"),
    ActionSpec("annotate.arrow", "annotate.arrow", "arrow-up-right", "A", "annotate"),
    ActionSpec("annotate.line", "annotate.line", "line", "L", "annotate"),
    ActionSpec("annotate.rectangle", "annotate.rectangle", "square", "R", "annotate"),
    ActionSpec("annotate.ellipse", "annotate.ellipse", "circle", "O", "annotate"),
    ActionSpec("annotate.pen", "annotate.pen", "pencil", "P", "annotate"),
    ActionSpec("annotate.highlighter", "annotate.highlighter", "highlight", "M", "annotate"),
    ActionSpec("annotate.text", "annotate.text", "typography", "T", "annotate"),
    ActionSpec("annotate.step", "annotate.step", "square-number-1", "N", "annotate"),
    ActionSpec("annotate.callout", "annotate.callout", "message-2", "K", "annotate"),
    ActionSpec("annotate.stamp", "annotate.stamp", "rubber-stamp", "S", "annotate"),
    ActionSpec("annotate.spotlight", "annotate.spotlight", "focus-centered", "F", "annotate"),
    ActionSpec("annotate.ruler", "annotate.ruler", "ruler-measure", "U", "annotate"),
    ActionSpec("annotate.redaction", "annotate.redaction", "eye-off", "B", "annotate"),
    ActionSpec("annotate.redaction_pen", "annotate.redaction_pen", "pencil-off", "Shift+B", "annotate"),
    ActionSpec("annotate.crop", "annotate.crop", "crop", "X", "annotate"),
    ActionSpec("annotate.pan", "annotate.pan", "hand-stop", "H", "annotate"),
    ActionSpec("annotate.keep_tool", "annotate.keep_tool", "lock", "Q", "annotate"),
    ActionSpec("annotate.loupe", "annotate.loupe", "color-picker", "Z", "annotate"),
    ActionSpec("annotate.undo", "annotate.undo", "arrow-back-up", "Ctrl+Z", "annotate"),
    ActionSpec("annotate.redo", "annotate.redo", "arrow-forward-up", "Ctrl+Shift+Z", "annotate"),
    ActionSpec("annotate.delete", "annotate.delete", "trash", "Del", "annotate"),
    ActionSpec("annotate.delete_all", "annotate.delete_all", "trash-x", "Ctrl+Shift+Del", "annotate"),
    ActionSpec("annotate.duplicate", "annotate.duplicate", "copy-plus", "Ctrl+D", "annotate"),
    ActionSpec("annotate.select_all", "annotate.select_all", "select-all", "Ctrl+A", "annotate"),
    ActionSpec("annotate.copy", "annotate.copy", "copy", "Ctrl+C", "annotate"),
    ActionSpec("annotate.cut", "annotate.cut", "scissors", "Ctrl+X", "annotate"),
    ActionSpec("annotate.paste", "annotate.paste", "clipboard", "Ctrl+V", "annotate"),
    ActionSpec("annotate.copy_style", "annotate.copy_style", "color-picker", "Ctrl+Alt+C", "annotate"),
    ActionSpec("annotate.paste_style", "annotate.paste_style", "brush", "Ctrl+Alt+V", "annotate"),
    ActionSpec("annotate.copy_picture", "annotate.copy_picture", "photo", "Ctrl+Shift+C", "annotate"),
    ActionSpec("annotate.forward", "annotate.forward", "stack-forward", "]", "annotate"),
    ActionSpec("annotate.backward", "annotate.backward", "stack-backward", "[", "annotate"),
    ActionSpec("annotate.to_front", "annotate.to_front", "stack-front", "Ctrl+]", "annotate"),
    ActionSpec("annotate.to_back", "annotate.to_back", "stack-back", "Ctrl+[", "annotate"),
    ActionSpec("annotate.group", "annotate.group", "link", "Ctrl+G", "annotate"),
    ActionSpec("annotate.ungroup", "annotate.ungroup", "unlink", "Ctrl+Shift+G", "annotate"),
    ActionSpec("annotate.align_left", "annotate.align_left", "layout-align-left", "Alt+Shift+L", "annotate"),
    ActionSpec("annotate.align_centre", "annotate.align_centre", "layout-align-center", "Alt+Shift+C", "annotate"),
    ActionSpec("annotate.align_right", "annotate.align_right", "layout-align-right", "Alt+Shift+R", "annotate"),
    ActionSpec("annotate.align_top", "annotate.align_top", "layout-align-top", "Alt+Shift+T", "annotate"),
    ActionSpec("annotate.align_middle", "annotate.align_middle", "layout-align-middle", "Alt+Shift+M", "annotate"),
    ActionSpec("annotate.align_bottom", "annotate.align_bottom", "layout-align-bottom", "Alt+Shift+B", "annotate"),
    ActionSpec("annotate.distribute_across", "annotate.distribute_across", "layout-distribute-vertical", "Alt+Shift+H", "annotate"),
    ActionSpec("annotate.distribute_down", "annotate.distribute_down", "layout-distribute-horizontal", "Alt+Shift+V", "annotate"),
    ActionSpec("annotate.turn_right", "annotate.turn_right", "rotate-clockwise", "Shift+R", "annotate"),
    ActionSpec("annotate.turn_left", "annotate.turn_left", "rotate", "Shift+L", "annotate"),
    ActionSpec("annotate.reset_framing", "annotate.reset_framing", "refresh", "", "annotate"),
    ActionSpec("annotate.zoom_in", "annotate.zoom_in", "zoom-in", "Ctrl++", "annotate"),
    ActionSpec("annotate.zoom_out", "annotate.zoom_out", "zoom-out", "Ctrl+-", "annotate"),
    ActionSpec("annotate.actual_size", "annotate.actual_size", "zoom-reset", "Ctrl+0", "annotate"),
    ActionSpec("annotate.fit", "annotate.fit", "zoom-scan", "Shift+1", "annotate"),
    ActionSpec("annotate.save", "annotate.save", "device-floppy", "Ctrl+S", "annotate"),
    ActionSpec("annotate.compare", "annotate.compare", "columns-2", "W", "annotate"),
    ActionSpec("annotate.export_web", "annotate.export_web", "file-export", "", "annotate"),
    ActionSpec("annotate.import_web", "annotate.import_web", "file-import", "", "annotate"),
    # compare
    ActionSpec("compare.side", "compare.side", "columns-2", "1", "compare"),
    ActionSpec("compare.swipe", "compare.swipe", "arrows-exchange", "2", "compare"),
    ActionSpec("compare.onion", "compare.onion", "layers-intersect", "3", "compare"),
    ActionSpec("compare.swap", "compare.swap", "switch-horizontal", "X", "compare"),
    ActionSpec("compare.marks", "compare.marks", "pencil", "O", "compare"),
    ActionSpec("compare.next", "compare.next", "chevron-right", "N", "compare"),
    ActionSpec("compare.add", "compare.add", "plus", "A", "compare"),
    ActionSpec("compare.remove", "compare.remove", "x", "Del", "compare"),
    ActionSpec("compare.zoom_in", "compare.zoom_in", "zoom-in", "Ctrl++", "compare"),
    ActionSpec("compare.zoom_out", "compare.zoom_out", "zoom-out", "Ctrl+-", "compare"),
    ActionSpec("compare.fit", "compare.fit", "zoom-scan", "Ctrl+0", "compare"),
    # review
    ActionSpec("review.accept", "review.accept", "check", "A", "review"),
    ActionSpec("review.retake", "review.retake", "repeat", "R", "review"),
    ActionSpec("review.reject", "review.reject", "x", "X", "review"),
    ActionSpec("review.comment", "review.comment", "message", "C", "review"),
    ActionSpec("review.next", "review.next", "chevron-right", "J", "review"),
    ActionSpec("review.previous", "review.previous", "chevron-left", "K", "review"),
    ActionSpec("review.loupe", "review.loupe", "zoom-in", "Z", "review"),
    ActionSpec("review.original", "review.original", "eye", "O", "review"),
    ActionSpec("review.next_original", "review.next_original", "stack-2", "N", "review"),
    ActionSpec("review.compare", "review.compare", "columns-2", "V", "review"),
    ActionSpec("review.proof", "review.proof", "shield-check", "P", "review"),
)

BY_ID: Final[dict[str, ActionSpec]] = {spec.id: spec for spec in ACTIONS}


def in_scope(scope: str) -> tuple[ActionSpec, ...]:
    """The actions of one screen, or those that work everywhere (scope "")."""
    return tuple(spec for spec in ACTIONS if spec.scope == scope)
