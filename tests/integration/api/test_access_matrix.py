"""docs/access.md: what every endpoint of the OpenAPI document answers to every kind of caller.

It is made by asking, and held against the page, so that a new endpoint stands in it. To write the page anew:

    WRITE_DOCS=1 .venv/bin/pytest -q tests/integration/api/test_access_matrix.py
"""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integration.api.access import OPEN, ask, operations, setting
from tests.integration.api.conftest import Stage
from tests.integration.api.place import make_place

PAGE = Path(__file__).resolve().parents[3] / "docs" / "access.md"
SCOPES = ("asset", "read", "write", "upload", "admin")
COLUMNS = ("no key", "wrong key", "expired key", "another site's key", "no scope", *SCOPES, "admin of all")
HEAD = """# Who may do what

Made by sending every request of the OpenAPI document with every kind of key; a test compares it with this page
(`WRITE_DOCS=1 .venv/bin/pytest -q tests/integration/api/test_access_matrix.py` writes it).

A number is the HTTP status of a refusal, with its code where it is not the column's own; *yes* means allowed.
The columns *no key*, *wrong key* and *expired key* are refused as `key_missing`, `key_invalid` and `key_expired`,
*no scope* and too small a scope as `scope_missing`. *Another site's key* has every scope and asks for an object that
exists: the answer is that there is none; *own* where an endpoint returns the caller's own sites only. Links
(`GET /v1/objects/{key}`) carry a signature instead of a key; signing in and out need no key, but the page's own origin.

"""
UNKNOWN = "nothing_here"


async def test_the_page_is_what_the_endpoints_answer(stage: Stage) -> None:
    patient = stage.deps.settings.model_copy(update={"http_failed_keys_per_minute": 100_000})
    stage.deps = replace(stage.deps, settings=patient)
    place, _, ids = await setting(stage)
    elsewhere = await make_place(await stage.client(), "Elsewhere")
    nobody = {name: "1" if name == "{version}" else UNKNOWN for name in ids} | {"{action}": "acknowledge"}
    expired = await stage.key(expires_at=datetime.now(UTC) - timedelta(hours=1))
    refused = {
        "no key": None, "wrong key": "twk_abcdef01_" + "0" * 48, "expired key": expired,
        "no scope": await stage.key("nothing", sites=[elsewhere.site_id]),
    }  # fmt: skip
    await stage.pool.execute("UPDATE keys SET scopes = '{}' WHERE scopes = '{nothing}'")
    scoped = {scope: await stage.key(scope, sites=[place.site_id]) for scope in SCOPES}
    other = await stage.key(sites=[elsewhere.site_id])
    scoped["admin of all"] = await stage.key("admin")
    rows = []
    for method, path in sorted(operations(stage), key=lambda each: (each[1], each[0])):
        if path == "/v1/events":
            answers = await _row(stage, method, path, ids, refused, {})
            answers |= dict.fromkeys(SCOPES, "403") | dict.fromkeys(("read", "write", "admin", "admin of all"), "yes")
            answers["another site's key"] = "own"
        else:
            # What may act asks for what is not there, so that nothing is done
            answers = await _row(stage, method, path, nobody, refused, scoped)
            answers["another site's key"] = await _elsewhere(stage, other, method, path, ids)
        rows.append(f"| `{method.upper()} {path}` | " + " | ".join(answers[name] for name in COLUMNS) + " |\n")
    head = "| endpoint | " + " | ".join(COLUMNS) + " |\n| --- |" + " --- |" * len(COLUMNS) + "\n"
    result = HEAD + head + "".join(rows)
    print(result)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(result)
    assert PAGE.read_text() == result
    assert len(rows) + len(OPEN) > 40


async def _row(
    stage: Stage, method: str, path: str, ids: dict[str, str], *callers: dict[str, str | None] | dict[str, str]
) -> dict[str, str]:
    result = {}
    for name, key in (each for some in callers for each in some.items()):
        status = (await ask(stage, key, method, path, ids)).status_code
        assert status < 500, (name, method, path)
        result[name] = str(status) if status in (401, 403) else "yes"
    return result


async def _elsewhere(stage: Stage, key: str, method: str, path: str, ids: dict[str, str]) -> str:
    if "{" not in path and path != "/v1/links":
        return "own"
    answer = await ask(stage, key, method, path, ids)
    return f"{answer.status_code} `{answer.json()['code']}`" if answer.status_code >= 400 else "yes"
