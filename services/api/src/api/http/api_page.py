"""The OpenAPI document as a self-contained page: the usual viewers load scripts from a CDN."""

from html import escape
from typing import Any

import orjson

from api.http.problems import codes, status_of

_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>tablewatch HTTP API</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
section{border-top:1px solid #ddd;padding:1rem 0}code,pre{background:#f4f4f4;border-radius:4px}code{padding:.1em .3em}
pre{padding:.7rem;overflow:auto}.m{font-weight:700;display:inline-block;min-width:4.5em}table{border-collapse:collapse}
td{padding:.15rem .8rem .15rem 0;vertical-align:top}</style></head><body><h1>tablewatch HTTP API</h1>
<p>Send <code>Authorization: Bearer twk_...</code>, or sign in at <code>POST /v1/session</code>. Errors are
<code>application/problem+json</code> with a stable <code>code</code>. The whole description: <a
href="openapi.json">openapi.json</a>; the topics: <a
href="asyncapi">asyncapi</a>.</p>"""


def api_page(document: dict[str, Any]) -> str:
    """HTML of every operation: description, parameters, example body, responses."""
    sections = [
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return _HEAD + "".join(sections) + _codes() + "</body></html>"


def _codes() -> str:
    """Every code of a problem; the `type` of a problem document links here."""
    rows = (
        f'<tr id="{error.code}"><td><code>{error.code}</code></td><td>{status_of(error)}</td>'
        f"<td>{escape(error.sentence)}</td></tr>"
        for error in codes()
    )
    return f"<h2>Problems</h2><table>{''.join(rows)}</table>"


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(_parameter(each) for each in operation.get("parameters", []))
    body = _example(document, operation)
    answers = ", ".join(f"{status} {each.get('description', '')}" for status, each in operation["responses"].items())
    return (
        f'<section id="{escape(operation["operationId"])}"><h2><span class="m">{method.upper()}</span>'
        f"<code>{escape(path)}</code></h2><p>{escape(operation.get('description', ''))}</p>"
        + (f"<table>{rows}</table>" if rows else "")
        + (f"<pre>{escape(body)}</pre>" if body else "")
        + f"<p>Answers: {escape(answers)}</p></section>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    need = " (required)" if parameter.get("required") and parameter["in"] != "path" else ""
    description = escape(parameter.get("description", ""))
    cells = (f"<code>{escape(parameter['name'])}</code>", parameter["in"] + need, description)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _example(document: dict[str, Any], operation: dict[str, Any]) -> str:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = next((ref for ref in _references(schema)), "").rpartition("/")[2]
    example = document.get("components", {}).get("schemas", {}).get(name, {}).get("example")
    return "" if example is None else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()


def _references(schema: dict[str, Any]) -> list[str]:
    found = [schema["$ref"]] if "$ref" in schema else []
    return found + [ref for each in schema.get("anyOf", []) for ref in _references(each)]
