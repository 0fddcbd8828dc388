"""Signing in from a browser, and what another page cannot do with its cookie; limits and headers of every answer."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, make_place

AS_JSON = {"Content-Type": "application/json"}


async def test_a_cookie_stands_for_its_key_until_signed_out(stage: Stage) -> None:
    await make_place(await stage.client())
    key = await stage.key("read")
    browser = stage.client_of(None)
    signed = await browser.post("/v1/session", json={"key": key})
    answer(signed, 200)
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert len(answer(await browser.get("/v1/sites"), 200)["items"]) == 1
    assert code(await browser.post("/v1/sites", json={"name": "x"}), 403) == "scope_missing"
    answer(await browser.delete("/v1/session"), 204)
    assert code(await browser.get("/v1/sites"), 401) == "key_missing"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_page_can_use_no_cookie_to_change_things(stage: Stage, headers: dict[str, str]) -> None:
    browser = stage.client_of(None)
    answer(await browser.post("/v1/session", json={"key": await stage.key()}), 200)
    assert code(await browser.post("/v1/sites", json={"name": "x"}, headers=headers), 403) == "origin_refused"
    assert code(await browser.delete("/v1/session", headers=headers), 403) == "origin_refused"
    own = {"Origin": "http://api.test", "Sec-Fetch-Site": "same-origin"}
    answer(await browser.post("/v1/sites", json={"name": "x"}, headers=own), 201)


async def test_expired_and_wrong_keys_do_not_sign_in(stage: Stage) -> None:
    browser = stage.client_of(None)
    expired = await stage.key(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert code(await browser.post("/v1/session", json={"key": expired}), 401) == "key_expired"
    wrong = expired[:-4] + "0000"
    assert code(await browser.post("/v1/session", json={"key": wrong}), 401) == "key_invalid"
    assert "set-cookie" not in (await browser.post("/v1/session", json={"key": "twk_x"})).headers


async def test_secrets_are_nowhere_in_the_database(stage: Stage) -> None:
    key = await stage.key()
    browser = stage.client_of(None)
    token = (await browser.post("/v1/session", json={"key": key})).cookies["tablewatch_session"]
    rows = await stage.pool.fetch("SELECT keys::text AS row FROM keys UNION ALL SELECT sessions::text FROM sessions")
    text = "".join(row["row"] for row in rows)
    assert key.rpartition("_")[2] not in text
    assert token not in text


async def test_every_answer_is_dressed_and_large_bodies_are_refused(stage: Stage) -> None:
    client = await stage.client()
    for path in ("/", "/docs", "/v1/sites", "/v1/nothing", "/openapi.json"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["permissions-policy"].startswith("camera=(self), "), path
        assert "microphone=()" in headers["permissions-policy"], path
    big = b'{"name": "' + b"x" * 2_000_000 + b'"}'
    assert code(await client.post("/v1/sites", content=big), 413) == "body_too_large"

    async def chunks() -> object:
        for _ in range(40):
            yield b"x" * 50_000

    assert code(await client.post("/v1/sites", content=chunks()), 413) == "body_too_large"  # type: ignore[arg-type]


async def test_faults_are_problems_that_repeat_no_values(stage: Stage) -> None:
    client = await stage.client()
    assert code(await client.post("/v1/sites", content=b"{", headers=AS_JSON), 400) == "invalid_json"
    result = await client.post("/v1/session", json={"key": ["twk_secret_in_a_list"]})
    assert code(result, 422) == "invalid_request"
    assert "twk_secret" not in result.text
    assert code(await client.get("/v1/nothing"), 404) == "not_found"
    assert code(await client.put("/v1/sites"), 405) == "method_not_allowed"
    assert code(await client.get("/v1/videos?cursor=AAA%3D"), 400) == "invalid_cursor"
    assert code(await client.get("/v1/cameras?site_id=a%00b"), 422) == "invalid_request"


async def test_the_pages_that_need_no_key(stage: Stage) -> None:
    anyone = stage.client_of(None)
    assert "not built" in (await anyone.get("/")).text
    dist = stage.deps.settings.api_web_dist
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text('<base href="/"><title>built</title>')
    (dist / "assets" / "a.js").write_text("1")
    (dist.parent / "secret.txt").write_text("secret")
    for path, base in {
        "/": "./",
        "/floor": "./",
        "/videos/vid_1": "../",
        "/videos/vid_1/": "../../",
        "/videos/a%2Fb": "../",
    }.items():
        assert (await anyone.get(path)).text == f'<base href="{base}"><title>built</title>', path
    assert code(await anyone.get("/kitchen"), 404) == "not_found"
    assert (await anyone.get("/assets/a.js")).text == "1"
    assert (await anyone.get("/%2e%2e/secret.txt")).status_code == 404
    shown = (await anyone.get("/asyncapi.json")).text + (await anyone.get("/asyncapi")).text
    assert stage.deps.settings.kafka_bootstrap not in shown
    assert "kafka.example.com:9092" in shown, "where the brokers are is for who has a key"
    wrong = stage.client_of("twk_" + "x" * 8 + "_" + "y" * 32)
    assert stage.deps.settings.kafka_bootstrap not in (await wrong.get("/asyncapi.json")).text
    anyone = await stage.client("read")
    topics = (await anyone.get("/asyncapi.json")).json()
    assert topics["asyncapi"].startswith("3.")
    brokers = [each["host"] for each in topics["servers"].values()]
    assert brokers == stage.deps.settings.kafka_bootstrap.split(","), "the address of this installation"
    page = (await anyone.get("/asyncapi")).text
    assert 'id="table.state"' in page
    assert all(f"<code>{each}</code>" in page for each in brokers)
    assert "/v1/videos" in (await anyone.get("/docs")).text
