"""The description of the API: OpenAPI 3.1 with every error as problem+json, and a page of it that asks nobody else for anything."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

import videodesk
from videodesk.protocol.resources import Problem
from videodesk.service.problems import MEDIA_TYPE

_DESCRIPTION: Final = (
    "The desk service. Errors are problem+json (RFC 9457) with a stable `code`; ids are UUIDs; times are RFC 3339. "
    "The live side is the WebSocket protocol of PROTOCOL.md."
)
_METHODS: Final = ("get", "head", "put", "post", "patch", "delete")
_CSS: Final = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; text-transform: capitalize }
article { border: 1px solid #8886; border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0 }
h3 { font: 600 1rem ui-monospace, monospace; margin: 0; overflow-wrap: anywhere }
p { margin: .4rem 0 } code { font-family: ui-monospace, monospace } dl { margin: .4rem 0; display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem }
dt { font-family: ui-monospace, monospace } dd { margin: 0 }
"""


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title="videodesk", version=videodesk.__version__, description=_DESCRIPTION, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        answer = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        for item in document["paths"].values():
            for method in _METHODS:
                if method in item:
                    responses = item[method]["responses"]
                    responses.pop("422", None)
                    responses["4XX"] = {"description": "The request was refused; `code` says why.", **answer}
                    responses["5XX"] = {"description": "It cannot be done now; `retryable` says whether to try again.", **answer}
        app.openapi_schema = document
    return app.openapi_schema


def install(app: FastAPI) -> None:
    """Serve /api/openapi.json (FastAPI's own), /api/docs and its style sheet."""
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to change the document

    async def docs(_request: object) -> HTMLResponse:
        return HTMLResponse(page(describe(app)))

    async def style(_request: object) -> PlainTextResponse:
        return PlainTextResponse(_CSS, media_type="text/css")

    app.router.routes.append(Route("/api/docs", docs))
    app.router.routes.append(Route("/api/docs.css", style))


def page(document: dict[str, Any]) -> str:
    """The document as one HTML page without script."""
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                groups.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(method, path, operation))
    sections = "".join(f"<section><h2>{escape(tag)}</h2>{''.join(articles)}</section>" for tag, articles in groups.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>videodesk API</title><link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/api/docs.css"></head><body><main>'
        f"<h1>videodesk API {escape(document['info']['version'])}</h1><p>{escape(_DESCRIPTION)}</p>"
        '<p>The whole description for programs: <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI 3.1).</p>'
        f"{sections}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    facts = [(parameter["name"], f"{parameter['in']}: {_type(parameter.get('schema', {}))}") for parameter in operation.get("parameters", [])]
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        facts.append(("body", f"{media}: {_type(body.get('schema', {}))}"))
    for status, response in operation["responses"].items():
        if not status.endswith("XX"):
            kinds = ", ".join(f"{media}: {_type(body.get('schema', {}))}" for media, body in response.get("content", {}).items())
            facts.append((status, kinds or response.get("description", "")))
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    access = "" if operation.get("security") else "<p>Without signing in.</p>"
    words = escape(operation.get("description", ""))
    return f"<article><h3>{method.upper()} {escape(path)}</h3><p>{words}</p>{access}<dl>{listed}</dl></article>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    return str(schema.get("format") or schema.get("type") or "any")
