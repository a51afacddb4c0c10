"""The kit, under one name: `from videodesk.desktop.widgets import Button, Card, label`."""

from __future__ import annotations

from videodesk.desktop.kit.buttons import Button, ButtonKind, IconButton
from videodesk.desktop.kit.fields import Choice, ComboBox, Field, LineEdit, TextArea
from videodesk.desktop.kit.surfaces import Badge, Banner, BannerStack, Card, EmptyState, Icon, Spinner, Tone, scrolled, separator
from videodesk.desktop.kit.text import ElidedLabel, Label, TextRole, label, plain_tip, repolish
from videodesk.desktop.kit.view import View

__all__ = [
    "Badge", "Banner", "BannerStack", "Button", "ButtonKind", "Card", "Choice", "ComboBox", "ElidedLabel", "EmptyState", "Field", "Icon",
    "IconButton", "Label", "LineEdit", "Spinner", "TextArea", "TextRole", "Tone", "View", "label", "plain_tip", "repolish",
    "scrolled", "separator",
]
