"""docs/access.md: what every endpoint of the OpenAPI document answers to every kind of caller.

It is made by asking, and held against the page, so that a new endpoint stands in it. To write the page anew:

    WRITE_DOCS=1 .venv/bin/pytest -q tests/integration/api/test_access_matrix.py
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integration.api.conftest import Stage
from tests.integration.api.place import make_place
from tests.integration.api.test_access_walls import OPEN, _ask, _operations, _setting

PAGE = Path(__file__).resolve().parents[3] / "docs" / "access.md"
SCOPES = ("asset", "read", "write", "upload", "admin")
COLUMNS = ("no key", "wrong key", "expired key", "another site's key", "no scope", *SCOPES, "admin of all")
HEAD = """# Who may do what

Made by asking every endpoint of the OpenAPI document as every kind of caller; a test holds it against this page
(`WRITE_DOCS=1 .venv/bin/pytest -q tests/integration/api/test_access_matrix.py` writes it anew).

A number is the HTTP status of a refusal, with its code where it is not the column's own; *yes* lets through.
The columns *no key*, *wrong key* and *expired key* are refused as `key_missing`, `key_invalid` and `key_expired`,
*no scope* and too small a scope as `scope_missing`. *Another site's key* has every scope and asks for an object that
exists: it is told that there is none; *own* where an endpoint answers with the caller's own sites only. Links
(`GET /v1/objects/{key}`) carry a signature in place of a key; signing in and out are open, with the page's own origin.

"""
UNKNOWN = "nothing_here"


async def test_the_page_is_what_the_endpoints_answer(stage: Stage) -> None:
    place, _, ids = await _setting(stage)
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
    for method, path in sorted(_operations(stage), key=lambda each: (each[1], each[0])):
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
    said = HEAD + head + "".join(rows)
    print(said)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(said)
    assert PAGE.read_text() == said
    assert len(rows) + len(OPEN) > 40


async def _row(
    stage: Stage, method: str, path: str, ids: dict[str, str], *callers: dict[str, str | None] | dict[str, str]
) -> dict[str, str]:
    said = {}
    for name, key in (each for some in callers for each in some.items()):
        status = (await _ask(stage, key, method, path, ids)).status_code
        assert status < 500, (name, method, path)
        said[name] = str(status) if status in (401, 403) else "yes"
    return said


async def _elsewhere(stage: Stage, key: str, method: str, path: str, ids: dict[str, str]) -> str:
    if "{" not in path and path != "/v1/links":
        return "own"
    answer = await _ask(stage, key, method, path, ids)
    return f"{answer.status_code} `{answer.json()['code']}`" if answer.status_code >= 400 else "yes"
