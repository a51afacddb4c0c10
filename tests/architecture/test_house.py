"""The house in order: what a machine can count."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "videodesk"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 450
MAX_FUNCTION_LINES = 70


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


def test_the_top_level_holds_exactly_what_the_owner_named():
    top = {path.split("/")[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} == {"videodesk", "resources", "tests", "packaging", "pyproject.toml", "README.md"}


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "resources/join").glob("*.js"))], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_functions_are_short():
    long = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} ({node.end_lineno - node.lineno + 1})")
    assert long == []


def test_names_say_what_a_thing_is():
    banned = {"utils", "helpers", "manager", "common", "base", "misc"}
    assert [str(path.relative_to(ROOT)) for path in MODULES if path.stem in banned] == []


def test_lock_files_hold_no_addresses():
    for path in [*(ROOT / "packaging").rglob("*.lock"), *(ROOT / "packaging").rglob("package-lock.json")]:
        assert re.search(r"https?://|\"resolved\"", path.read_text(encoding="utf-8")) is None, path.name


def test_every_error_has_its_text_in_both_languages():
    classes = ("DeskError", "NotSignedIn", "NotAllowed", "NotFound", "Conflict", "Gone", "TooLarge", "UnsupportedMedia", "Invalid", "RateLimited",
               "WorldError", "OutOfSpace")
    raised = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in classes and node.args
                    and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)):
                raised.add(node.args[0].value)
    assert len(raised) > 60
    for language in ("nl", "en"):
        texts = json.loads((ROOT / f"resources/i18n/{language}/errors.json").read_text(encoding="utf-8"))
        assert sorted(raised - set(texts)) == [], language


def test_error_texts_name_the_same_parameters_in_both_languages():
    dutch, english = (json.loads((ROOT / f"resources/i18n/{language}/errors.json").read_text(encoding="utf-8")) for language in ("nl", "en"))
    assert set(dutch) == set(english)
    for code, text in dutch.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[code])), code


def test_labels_come_from_the_kit():
    """Outside desktop/kit nobody makes a QLabel: the kit's are plain text."""
    found = []
    for path in (PACKAGE / "desktop").rglob("*.py"):
        if "kit" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"QLabel", "QTextBrowser", "QTextEdit"}:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id}")
    assert found == []


def test_broad_excepts_stand_in_few_named_places():
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_broad = isinstance(node, ast.ExceptHandler) and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
            if is_broad and not isinstance(node.body[-1], ast.Raise):  # what tidies up and raises again catches nothing
                found.append(str(path.relative_to(ROOT)))
    assert len(found) <= 20, found
