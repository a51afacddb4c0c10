"""Colour tokens of the three themes, and their contrast by WCAG 2.2. No Qt: a test computes every pair."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as #rrggbb.

    surface: the window; surface_raised: cards, fields, menus; surface_sunken: the rail, wells. *_soft are quiet fills behind text of
    their own colour. on_* is text on the full colour. border_strong outlines what can be operated (≥ 3:1), border only separates.
    stage is behind video and pictures, in every theme dark.
    """

    surface: str
    surface_raised: str
    surface_sunken: str
    hover: str
    pressed: str
    text: str
    text_muted: str
    text_disabled: str
    border: str
    border_strong: str
    accent: str
    accent_hover: str
    accent_soft: str
    accent_text: str
    on_accent: str
    danger: str
    danger_hover: str
    danger_soft: str
    on_danger: str
    warning: str
    warning_soft: str
    ok: str
    ok_soft: str
    focus: str
    stage: str
    on_stage: str
    stage_raised: str


LIGHT: Final = Tokens(
    surface="#f6f7f9", surface_raised="#ffffff", surface_sunken="#eceef2", hover="#e6e9ee", pressed="#dce0e7",
    text="#171b22", text_muted="#545c6a", text_disabled="#8b93a1", border="#dfe3e9", border_strong="#868f9e",
    accent="#2f55d4", accent_hover="#2647b6", accent_soft="#e8edfd", accent_text="#2647b6", on_accent="#ffffff",
    danger="#b3261e", danger_hover="#951d16", danger_soft="#fcebe9", on_danger="#ffffff",
    warning="#7d4e00", warning_soft="#fff2da", ok="#17653a", ok_soft="#e3f4ea", focus="#2f55d4",
    stage="#0e1116", on_stage="#f2f4f7", stage_raised="#1e232b",
)
DARK: Final = Tokens(
    surface="#14171c", surface_raised="#1c2027", surface_sunken="#0f1216", hover="#282d36", pressed="#323843",
    text="#eceff4", text_muted="#a8b0be", text_disabled="#6c7483", border="#2b313b", border_strong="#717b8b",
    accent="#8ea9ff", accent_hover="#a9beff", accent_soft="#222d4d", accent_text="#a9beff", on_accent="#0d1530",
    danger="#ff9b92", danger_hover="#ffb5ae", danger_soft="#42201e", on_danger="#3a0a06",
    warning="#f2c063", warning_soft="#3b2d12", ok="#79d59d", ok_soft="#16351f", focus="#a9beff",
    stage="#0a0c10", on_stage="#f2f4f7", stage_raised="#1e232b",
)
CONTRAST: Final = Tokens(
    surface="#000000", surface_raised="#000000", surface_sunken="#000000", hover="#2e2e2e", pressed="#454545",
    text="#ffffff", text_muted="#e6e6e6", text_disabled="#a6a6a6", border="#ffffff", border_strong="#ffffff",
    accent="#ffe14d", accent_hover="#fff0a0", accent_soft="#33300c", accent_text="#ffe14d", on_accent="#000000",
    danger="#ff9d94", danger_hover="#ffc2bc", danger_soft="#330b08", on_danger="#000000",
    warning="#ffc966", warning_soft="#332300", ok="#7dffab", ok_soft="#003314", focus="#66e0ff",
    stage="#000000", on_stage="#ffffff", stage_raised="#1a1a1a",
)
THEMES: Final[dict[str, Tokens]] = {"light": LIGHT, "dark": DARK, "contrast": CONTRAST}

# (foreground, background) pairs that occur; the first list is text (4.5:1), the second what can be operated or seen (3:1).
TEXT_PAIRS: Final = tuple(
    (front, back)
    for front, backs in {
        "text": ("surface", "surface_raised", "surface_sunken", "hover", "pressed", "accent_soft"),
        "text_muted": ("surface", "surface_raised", "surface_sunken", "hover", "accent_soft"),
        "accent_text": ("surface", "surface_raised", "surface_sunken", "accent_soft", "hover"),
        "on_accent": ("accent", "accent_hover"),
        "danger": ("surface", "surface_raised", "danger_soft"),
        "on_danger": ("danger", "danger_hover"),
        "warning": ("surface", "surface_raised", "warning_soft"),
        "ok": ("surface", "surface_raised", "ok_soft"),
        "on_stage": ("stage", "stage_raised"),
    }.items()
    for back in backs
)
SHAPE_PAIRS: Final = (
    ("border_strong", "surface"), ("border_strong", "surface_raised"), ("focus", "surface"), ("focus", "surface_raised"),
    ("focus", "surface_sunken"), ("accent", "surface"), ("accent", "surface_raised"), ("text_disabled", "surface_raised"),
)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2, definition of relative luminance)."""
    channels = (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1..21 (WCAG 2.2)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def names() -> tuple[str, ...]:
    """Every token's name."""
    return tuple(field.name for field in fields(Tokens))
