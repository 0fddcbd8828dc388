"""schemathesis reads the OpenAPI document and tries operations: valid and broken requests, and sequences of them."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, decoded_record, make_place, make_run

from api.project.apply import apply
from credentials import private_key, public_pem
from tablewatch_schemas import keys

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,ignored_auth,"
    "allow_header_conformance"
)
BUDGET_S = 400
ONE_KEY = r"^/v1/keys/\{"
NO_ROOM = rf"{ONE_KEY}|/quota$"
"""After a quota of a few bytes no video could be made, and nothing of what is linked from one."""
QUICK = {
    "api_stream_max_s": 0.2, "api_heartbeat_s": 0.1, "api_rate_limit": "", "http_failed_keys_per_minute": 100_000,
    "api_site_cameras": 100_000, "api_site_probes": 100_000,
}  # fmt: skip
SINGLE = ("--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--max-examples", "4", "--seed", "1")
# Requests as they should be, so that most find what an answer before them named; wrong ones are tried one by one
SEQUENCES = (
    "--phases", "stateful", "--checks", f"{CHECKS},use_after_free,ensure_resource_availability",
    "--max-examples", "500", "--mode", "positive",
)  # fmt: skip
SEEDS = (3, 5, 1, 2, 4)
ENOUGH_LINKS = 20
"""Some seeds end after few sequences, and others after many: one more is tried until enough links were followed."""


@pytest.mark.timeout(2 * BUDGET_S)
async def test_no_request_that_the_document_allows_or_forbids_surprises_us(stage: Stage, tmp_path: Path) -> None:
    await _fill(stage)
    key = await stage.key()
    async with stage.serving(**QUICK) as url:
        await _clean(url, key, tmp_path, *SINGLE, "--exclude-path-regex", ONE_KEY)
        # It ends keys that it finds, its own too: that comes last, with a key for nothing else
        answer(await stage.client_of(key).get("/v1/sites"), 200)
        await _clean(url, await stage.key(), tmp_path, *SINGLE, "--include-path-regex", ONE_KEY)


@pytest.mark.timeout(2 * BUDGET_S)
async def test_no_sequence_of_requests_surprises_us(stage: Stage, tmp_path: Path) -> None:
    """What an answer names is read, changed and deleted, by the links of the document and such as are inferred."""
    await _fill(stage)
    followed = 0
    async with stage.serving(**QUICK) as url:
        for seed in SEEDS:
            which = (*SEQUENCES, "--seed", str(seed), "--exclude-path-regex", NO_ROOM)
            followed = max(followed, _followed(await _clean(url, await stage.key(), tmp_path, *which)))
            if followed > ENOUGH_LINKS:
                break
    assert followed > ENOUGH_LINKS


async def _fill(stage: Stage) -> None:
    """A run whose events have come, and the key of an extractor, without which no password is taken."""
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(run.whole(2))])
    await stage.deps.objects.put(keys.EXTRACTOR_KEY, public_pem(private_key("s" * 32)))


def _followed(result: str) -> int:
    """How many links of the document were followed at least once."""
    found = re.search(r"API Links: +(\d+) covered", result)
    assert found is not None, result[-8000:]
    return int(found[1])


async def _clean(url: str, key: str, folder: Path, *which: str) -> str:
    """What it printed, when it found nothing."""
    status, result = await _run(url, key, folder, *which)
    assert status == 0, result[-8000:]
    assert "passed" in result
    return result


async def _run(url: str, key: str, folder: Path, *which: str) -> tuple[int | None, str]:
    """Exit status and output. In a folder of its own: it leaves a database of examples behind."""
    arguments = [
        "run", f"{url}/openapi.json", "-H", f"Authorization: Bearer {key}", "--continue-on-failure",
        "--workers", "1", "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "10", *which,
    ]  # fmt: skip
    command = [str(Path(sys.executable).with_name("schemathesis")), *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"NO_COLOR": "1", "no_proxy": "127.0.0.1", "COLUMNS": "160"},
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(), BUDGET_S)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, out.decode(errors="replace")


async def test_a_method_that_a_path_has_not_is_named_as_such(stage: Stage) -> None:
    """The page's files stand behind every path: they must not answer for ours."""
    client = await stage.client()
    for method, path, allowed in (
        ("GET", "/v1/links", "POST"),
        ("OPTIONS", "/v1/cameras", "GET, POST"),
        ("PUT", "/v1/cameras/x", "DELETE, GET, PATCH"),
    ):
        refused = await client.request(method, path)
        assert code(refused, 405) == "method_not_allowed"
        assert refused.headers["allow"] == allowed
    assert code(await client.get("/v1/nothing"), 404) == "not_found"


@pytest.mark.parametrize("wrong", [{"enabled": 0}, {"enabled": "yes"}, {"cadence_ms": "1000"}, {"cadence_ms": True}])
async def test_a_value_of_another_type_is_not_made_to_fit(stage: Stage, wrong: dict[str, object]) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}"
    assert code(await client.patch(path, json=wrong), 422) == "invalid_request"
    crooked = {"reference": {"width": 1, "height": 1}, "floor": [[[True, 0], [1, 0], [1, 1]]]}
    assert code(await client.put(f"{path}/layout", json=crooked), 422) == "invalid_request"
    assert answer(await client.patch(path, json={"cadence_ms": 2000.0}), 200)["cadence_ms"] == 2000
