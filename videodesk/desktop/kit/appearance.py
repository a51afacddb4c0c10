"""Choices of language, theme and scale, for the wizard and the settings."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.i18n import t
from videodesk.desktop.kit.fields import ComboBox
from videodesk.desktop.preferences import SCALES, PreferenceStore

THEME_KEYS = {"system": "settings.theme_system", "light": "settings.theme_light", "dark": "settings.theme_dark", "contrast": "settings.theme_contrast"}


class LanguageChoice(ComboBox):
    """Each language in its own words, whatever the language now."""

    def __init__(self, chosen: Callable[[Language], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings.language")
        for name, language in (("Nederlands", Language.NL), ("English", Language.EN)):
            self.addItem(name, language.value)
        self.activated.connect(lambda index: chosen(Language(self.itemData(index))))
        self.retranslate()

    def retranslate(self) -> None:
        """Show the language in use."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findData(i18n.language().value))


class ThemeChoice(ComboBox):
    """Colours."""

    def __init__(self, preferences: PreferenceStore, chosen: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings.theme")
        self._preferences = preferences
        for name in THEME_KEYS:
            self.addItem("", name)
        self.activated.connect(lambda index: chosen(self.itemData(index)))
        self.retranslate()

    def retranslate(self) -> None:
        """Words and choice anew."""
        with QSignalBlocker(self):
            for index, key in enumerate(THEME_KEYS.values()):
                self.setItemText(index, t(key))
            self.setCurrentIndex(max(0, self.findData(self._preferences.value.theme)))


class ScaleChoice(ComboBox):
    """How large everything is; from the next start on."""

    def __init__(self, preferences: PreferenceStore, chosen: Callable[[int], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings.scale")
        for scale in SCALES:
            self.addItem(f"{scale} %", scale)
        self.setCurrentIndex(self.findData(preferences.value.scale_pct))
        self.activated.connect(lambda index: chosen(self.itemData(index)))
