"""verify.html: one file that checks pictures and packages in a browser, from disk, without a network.

It is put together from resources/verify (what packaging/verify/build made), the words of verify.json, the desk's root and the pictures.
What it concludes is what `videodesk verify` concludes; resources/docs/PACKAGE.md has the rules.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from videodesk.core.places import resources
from videodesk.core.vocabulary import Language

EMBEDDED_LIMIT: Final = 48 * 1024 * 1024
"""So many bytes of pictures at most are put into a page: a browser opens it within seconds, a mail server may still take it."""

_PICTURES: Final = frozenset({"original", "clip-seal", "rendition"})
_TEXT_AREAS: Final = ("page.", "verdict.", "reason.", "fact.")


def _folder() -> Path:
    return resources() / "verify"


def _text(name: str) -> str:
    return (_folder() / name).read_text(encoding="utf-8")


def _texts() -> dict[str, dict[str, Any]]:
    """The page's words: of each language only what the page shows."""
    found: dict[str, dict[str, Any]] = {}
    for language in Language:
        words = json.loads((resources() / "i18n" / language / "verify.json").read_text(encoding="utf-8"))
        found[language] = {key: value for key, value in words.items() if key.startswith(_TEXT_AREAS)}
    return found


def _source(text: str) -> str:
    """A script's or style's own hash, as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _policy(style: str, script: str) -> str:
    """Nothing but this page's own script and style runs; no connection to anywhere. The reader is WebAssembly in a worker made of a blob."""
    return (
        f"default-src 'none'; connect-src 'none'; script-src {_source(script)} 'wasm-unsafe-eval'; worker-src blob:; "
        f"style-src {_source(style)}; img-src blob:; base-uri 'none'; form-action 'none'"
    )


def _data(name: str, text: str, kind: str = "text/plain") -> str:
    """A piece of data the page reads: an element that no browser runs or shows."""
    return f'<script type="{kind}" id="{name}">{text}</script>'


def _json(value: Any) -> str:
    """JSON inside a script element: nothing in it can end the element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def verify_page(
    language: Language, root_pem: str, files: Sequence[tuple[str, bytes]] = (), index: Mapping[str, Any] | None = None, *,
    limit: int = EMBEDDED_LIMIT,
) -> bytes:
    """The page of a desk (`root_pem`, pinned in it) with these files (name in the package, bytes), checked as soon as it is opened.

    Files are put in as long as they are no more than `limit` bytes together, in their order; the page says how many pictures of `index`
    (a package's package.json, against which the files are checked) are in the package only. An empty `root_pem` makes a page that pins
    nobody, whose verdict is never good.
    """
    style, script = _text("page.css"), _text("page.js")
    texts = _texts()
    embedded: list[dict[str, str]] = []
    elements: list[str] = []
    left_out = {str(one["path"]) for one in (index or {}).get("files", ()) if one["role"] in _PICTURES} | {name for name, _ in files}
    room = limit
    for name, data in files:
        if len(data) > room:
            continue
        left_out.discard(name)
        room -= len(data)
        element = f"file-{len(elements)}"
        embedded.append({"name": name, "element": element})
        elements.append(_data(element, base64.b64encode(data).decode()))
    made = {"language": language, "texts": texts, "pin": _pin(root_pem), "files": embedded, "left_out": len(left_out), "index": _shown(index)}
    wasm = (_folder() / "c2pa.wasm.gz").read_bytes()
    parts = {
        "language": language,
        "policy": html.escape(_policy(style, script)),
        "title": html.escape(texts[language]["page.title"]),
        "style": style,
        "noscript": html.escape(" ".join(texts[one]["page.noscript"] for one in Language)),
        "data": "\n".join([
            _data("made", _json(made), "application/json"), _data("worker", _text("worker.js")),
            _data("c2pa", base64.b64encode(wasm).decode()), *elements,
        ]),
        "script": script,
    }
    page = _text("page.html")
    pieces: list[str] = []
    for piece in page.split("{"):
        name, closed, rest = piece.partition("}")
        pieces.append(parts[name] + rest if closed and name in parts else piece)
    return "".join(pieces).encode()


def _shown(index: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What of the index the page needs: of its files only the pictures."""
    if index is None:
        return None
    return {**index, "files": [one for one in index["files"] if one["role"] in _PICTURES]}


def _pin(root_pem: str) -> dict[str, str] | None:
    if not root_pem:
        return None
    root = x509.load_pem_x509_certificate(root_pem.encode())
    return {"pem": root_pem, "fingerprint": root.fingerprint(SHA256()).hex()}


def reader_is_whole() -> bool:
    """Whether the vendored reader is the one VENDORED.json names."""
    noted = json.loads(_text("VENDORED.json"))
    wasm = gzip.decompress((_folder() / "c2pa.wasm.gz").read_bytes())
    return bool(hashlib.sha256(wasm).hexdigest() == noted["vendored"]["@contentauth/c2pa-wasm"]["wasm_sha256"])
