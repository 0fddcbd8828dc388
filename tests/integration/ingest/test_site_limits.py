"""Uploads in flight and bytes a day of a site: refused before, while and after, counted once however many ask."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.test_tus_upload import create, head, headers_of, patch
from tests.support.windows import DAY_S, HOUR_S, stay_within
from tests.unit.ingest.clips import padded_video

from chassis.database import connect
from ingest.store.quota import seconds_to_midnight

DAY = 3_000_000


@pytest.fixture
def limited(own_ingest: Callable[..., Ingest]) -> Iterator[Ingest]:
    stay_within(DAY_S, 60)
    yield own_ingest(INGEST_SITE_UPLOADS="3", INGEST_SITE_DAY_BYTES=str(DAY))


def deferred(ingest: Ingest, token: dict[str, Any]) -> httpx.Response:
    return httpx.post(ingest.url, headers=headers_of(token, Upload_Defer_Length="1"))


async def counted(ingest: Ingest, site_id: str = "site_test") -> int:
    pool = await connect(ingest.environment["DATABASE_URL"], "ingest", size=1)
    bytes_ = await pool.fetchval("SELECT sum(bytes)::bigint FROM site_days WHERE site_id = $1", site_id)
    await pool.close()
    return int(bytes_ or 0)


def site() -> str:
    return f"site_{uuid.uuid4().hex[:8]}"


async def test_uploads_in_flight_are_limited_however_many_ask_at_once(limited: Ingest) -> None:
    tokens = [claims() for _ in range(12)]
    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(lambda token: create(limited, token, 10), tokens))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 9
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["code"], refused.json()["retryable"]) == ("too_many_uploads", True)
    assert int(refused.headers["retry-after"]) > 0
    assert len(list((limited.home / "uploads").iterdir())) == 3
    begun = next(token for token, answer in zip(tokens, answers, strict=True) if answer.status_code == 201)
    waiting = next(token for token, answer in zip(tokens, answers, strict=True) if answer.status_code == 429)
    assert create(limited, begun, 20).status_code == 201, "one that has its place begins again"
    assert create(limited, claims(site_id=site()), 10).status_code == 201, "another site is not held up"
    httpx.delete(f"{limited.url}/{begun['video_id']}", headers=headers_of(begun))
    assert create(limited, waiting, 10).status_code == 201


async def test_declared_bytes_are_reserved_at_once_and_given_back(limited: Ingest) -> None:
    tokens = [claims() for _ in range(3)]
    with ThreadPoolExecutor(3) as many:
        answers = list(many.map(lambda token: create(limited, token, 2_000_000), tokens))
    assert sorted(answer.status_code for answer in answers) == [201, 413, 413]
    refused = next(answer for answer in answers if answer.status_code == 413)
    assert refused.json()["code"] == "daily_bytes_exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    begun = next(token for token, answer in zip(tokens, answers, strict=True) if answer.status_code == 201)
    assert patch(limited, begun, 0, b"x" * 500_000).status_code == 204
    httpx.delete(f"{limited.url}/{begun['video_id']}", headers=headers_of(begun))
    assert await counted(limited) == 500_000
    assert create(limited, claims(), DAY - 500_000 + 1).status_code == 413
    assert create(limited, claims(), DAY - 500_000).status_code == 201


async def test_a_file_over_a_whole_day_is_not_told_to_wait(limited: Ingest) -> None:
    refused = create(limited, claims(), DAY + 1)
    assert refused.json()["code"] == "daily_bytes_exceeded"
    assert "retry-after" not in refused.headers


async def test_bytes_of_unknown_length_are_counted_while_they_come(limited: Ingest) -> None:
    token = claims()
    assert deferred(limited, token).status_code == 201
    assert patch(limited, token, 0, b"x" * 2_000_000).status_code == 204
    over = patch(limited, token, 2_000_000, b"y" * 1_500_000)
    assert (over.status_code, over.json()["code"]) == (413, "daily_bytes_exceeded")
    offset = int(head(limited, token).headers["upload-offset"])
    assert 2_000_000 <= offset <= DAY, "what was acknowledged stays, and nothing came past the limit"
    assert await counted(limited) == offset
    late = patch(limited, token, offset, b"", Upload_Length=str(DAY + 1))
    assert late.json()["code"] == "daily_bytes_exceeded"


async def test_a_body_in_chunks_is_stopped_and_one_that_fits_is_not(
    limited: Ingest, published: Published, tmp_path: Path
) -> None:
    def chunks(content: bytes) -> Iterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    def send(token: dict[str, Any], content: bytes) -> httpx.Response:
        url = f"{limited.url}/{token['video_id']}/content"
        return httpx.put(url, content=chunks(content), headers=headers_of(token), timeout=60)

    fits, over = padded_video(tmp_path / "a.mp4", 1_600_000).read_bytes(), claims()
    assert send(claims(), fits).status_code == 201
    with suppress(httpx.WriteError, httpx.RemoteProtocolError):  # it is closed rather than read to its end
        assert send(over, fits).json()["code"] == "daily_bytes_exceeded"
    assert int(head(limited, over).headers["upload-offset"]) <= DAY - 1_600_000
    assert await counted(limited) <= DAY


async def test_repeated_bytes_count_and_a_kill_forgets_none(limited: Ingest) -> None:
    token = claims()
    create(limited, token, 400_000)
    patch(limited, token, 0, b"x" * 300_000)
    limited.kill()
    limited.start()
    create(limited, token, 400_000)  # begins again at nothing
    patch(limited, token, 0, b"x" * 400_000)
    for _ in range(50):
        if await counted(limited) == 700_000:
            break
        await asyncio.sleep(0.1)
    assert await counted(limited) == 700_000


def test_requests_for_an_upload_and_for_a_site_are_limited(own_ingest: Callable[..., Ingest]) -> None:
    stay_within(HOUR_S, 60)
    ingest = own_ingest(INGEST_RATE_LIMIT="3/hour", INGEST_SITE_RATE_LIMIT="5/hour")
    token, site_id = claims(), site()
    assert create(ingest, token, 10).status_code == 201
    assert [head(ingest, token).status_code for _ in range(3)] == [200, 200, 429]
    ingest.kill()
    ingest.start()  # a restart forgets nothing
    refused = patch(ingest, token, 0, b"x" * 10)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    # To the end of the hour, and until the share of this hour in the next one is one request smaller
    assert 1 <= int(refused.headers["retry-after"]) <= HOUR_S + HOUR_S // 3 + 1
    assert refused.headers["ratelimit"].startswith('"upload";r=0;t=')
    answers = [create(ingest, claims(site_id=site_id), 10) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert answers[-1].json()["code"] == "site_rate_limited"


@pytest.mark.parametrize(("hour", "minute", "seconds"), [(0, 0, 86_400), (23, 59, 60), (12, 0, 43_200)])
def test_until_midnight(hour: int, minute: int, seconds: int) -> None:
    assert seconds_to_midnight(datetime(2026, 10, 25, hour, minute, tzinfo=UTC)) == seconds
