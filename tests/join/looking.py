"""Looks at a state of the page as axe-core and a person do: in both languages, on a phone and on a wide screen, light and dark."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.join.conftest import PHONE, WIDE, shot

AXE = Path(__file__).parents[2] / ".tools" / "node" / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = [("nl", "phone", PHONE, "light"), ("nl", "wide", WIDE, "dark"), ("en", "wide", WIDE, "light"), ("en", "phone", PHONE, "dark")]
RUN_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']});
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ') + ' ' + (node.any[0]?.message ?? '')).join(' | ')}`);
}"""
OVERFLOW = """() => [...document.querySelectorAll('#page *')].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width > 1 && !one.closest('.unseen') && (box.right > innerWidth + 1 || box.left < -1);
}).map((one) => one.className || one.tagName)"""
SMALL = """() => [...document.querySelectorAll('button, input[type=checkbox], .choose')].filter((one) => {
  const box = one.getBoundingClientRect();
  const area = one.closest('.choice')?.getBoundingClientRect() ?? box;
  return box.width && (area.height < 44 || area.width < 44);
}).map((one) => one.outerHTML.slice(0, 80))"""


def axe_source():
    if not AXE.is_file():
        reason = "axe-core is not installed: run packaging/page/check once"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


class Looking:
    """`look` at each state; `problems` are all that was found, by state, language and size."""

    def __init__(self, customer):
        self.customer = customer
        self.page = customer.page
        self.problems: list[str] = []
        self.axe = axe_source()

    def look(self, name, again=None):
        """Look in every language and size. `again` brings back what a change of language takes away (an open dialog)."""
        page = self.page
        for language, size_name, size, scheme in LOOKS:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if page.evaluate("document.documentElement.lang") != language:
                if again:
                    page.keyboard.press("Escape")
                self.customer.press("language")
                page.wait_for_selector(f'html[lang="{language}"]')
                if again:
                    again()
            where = f"{name} {language} {size_name} {scheme}"
            if not page.evaluate("typeof axe !== 'undefined'"):
                page.evaluate(self.axe + ";null")
            self.problems += [f"{where}: {found}" for found in page.evaluate(RUN_AXE)]
            self.problems += [f"{where}: over the edge: {found}" for found in page.evaluate(OVERFLOW)]
            self.problems += [f"{where}: under 44 px: {found}" for found in page.evaluate(SMALL)]
            words = page.locator("body").inner_text()
            self.problems += [f"{where}: a key instead of a text: {word}" for word in words.split() if _is_key(word)]
            shot(page, f"{name}-{language}-{size_name}-{scheme}")


def _is_key(word):
    first, _, rest = word.partition(".")
    return first in {"page", "code", "welcome", "consent", "check", "blocked", "waiting", "call", "chat", "photos", "thanks", "trouble", "still", "native", "copy", "draw", "quick"} and bool(rest) and rest[0].isalpha()
