"""The event stream over a real server: snapshot, deltas, resumption without gap or repetition, filters, heartbeat."""

import asyncio
import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import Place, answer, make_place, make_run
from tests.integration.api.sse import Ear, Heard, listening

from api.events import channel as channels
from api.events import snapshot as snapshots
from api.model.site_events import NewSiteEvent
from api.store import site_events


async def _tell(stage: Stage, site_id: str, count: int, **about: Any) -> None:
    """Append events, each in a transaction of its own."""
    for number in range(count):
        async with stage.pool.acquire() as conn, conn.transaction():
            await site_events.append(
                conn, [NewSiteEvent(site_id=site_id, type="test", document=orjson.dumps({"n": number}), **about)]
            )


async def _place(stage: Stage) -> Place:
    return await make_place(await stage.client())


async def test_a_snapshot_and_then_what_changes(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    async with stage.serving() as address, listening(address, await stage.key()) as ear:
        first = await ear.next()
        assert (first.type, first.data["reason"]) == ("snapshot", "start")
        assert [video["video_id"] for video in first.data["videos"]] == [run.video_id]
        answer(await client.post(f"/v1/videos/{run.video_id}/cancel"), 200)
        event = await ear.next()
    assert (event.type, event.data["status"]) == ("video.job", "cancelled")
    assert event.seq == first.seq + 1 == first.data["seq"] + 1


async def test_nothing_is_missed_or_repeated_while_readers_come_and_go(stage: Stage) -> None:
    """Writers in parallel; a reader that hangs up after a few events and resumes, many times, sees every seq once."""
    place, key = await _place(stage), await stage.key()
    seen: list[int] = []
    async with stage.serving() as address:
        async with listening(address, key) as ear:
            last = await ear.next()
        writers = [asyncio.create_task(_tell(stage, place.site_id, 60)) for _ in range(4)]
        start = last.seq
        while len(seen) < 240:
            async with listening(address, key, last.id) as ear:
                for _ in range(min(secrets.randbelow(25) + 1, 240 - len(seen))):
                    last = await ear.next()
                    seen.append(last.seq)
        await asyncio.gather(*writers)
    assert seen == list(range(start + 1, start + 241))


async def test_two_servers_tell_the_same_and_one_takes_over_from_the_other(stage: Stage) -> None:
    place, key = await _place(stage), await stage.key()
    async with stage.serving() as one, stage.serving() as other:
        async with listening(one, key) as first, listening(other, key) as second:
            start = (await first.next()).seq
            await second.next()
            await _tell(stage, place.site_id, 10)
            heard, also = await first.some(10), await second.some(10)
        assert [each.id for each in heard] == [each.id for each in also]
        await _tell(stage, place.site_id, 5)
        async with listening(other, key, heard[-1].id) as resumed:
            assert [each.seq for each in await resumed.some(5)] == list(range(start + 11, start + 16))


async def test_a_position_that_is_not_ours_starts_again_and_says_so(stage: Stage) -> None:
    place, key = await _place(stage), await stage.key()
    await _tell(stage, place.site_id, 3)
    async with stage.serving() as address:
        async with listening(address, key) as ear:
            epoch = (await ear.next()).id.rpartition("-")[0]
        for last in ("another-2", f"{epoch}-999999", "rubbish", f"{epoch}-"):
            async with listening(address, key, last) as ear:
                gone, snapshot = await ear.some(2)
                assert (gone.type, gone.id, gone.data) == ("resync", "", {"reason": "reset", "last_event_id": last})
                assert (snapshot.type, snapshot.data["reason"]) == ("snapshot", "reset")
                await _tell(stage, place.site_id, 1)
                assert (await ear.next()).seq == snapshot.seq + 1, "one resync, then deltas"
        async with listening(address, key, last_event_id=f"{epoch}-4") as ear:
            assert (await ear.next()).seq == 5


async def test_resuming_past_retention_starts_with_a_snapshot(stage: Stage) -> None:
    place, key = await _place(stage), await stage.key()
    async with stage.serving() as address:
        async with listening(address, key) as ear:
            first = await ear.next()
        await _tell(stage, place.site_id, 5)
        async with stage.pool.acquire() as conn:
            await site_events.prune(conn, datetime.now(UTC) + timedelta(hours=1), timedelta())
        await _tell(stage, place.site_id, 1)
        async with listening(address, key, first.id) as ear:
            gone, again = await ear.some(2)
    assert (gone.type, gone.data["last_event_id"]) == ("resync", first.id)
    assert (again.type, again.data["reason"], again.seq) == ("snapshot", "reset", first.seq + 6)


async def test_filters_leave_out_and_still_move_on(stage: Stage) -> None:
    place, key = await _place(stage), await stage.key()
    async with (
        stage.serving(api_heartbeat_s=0.3) as address,
        listening(address, key, table_id="tbl_wanted", run_id="run_wanted") as ear,
    ):
        start = (await ear.next()).seq
        await _tell(stage, place.site_id, 3, table_id="tbl_other", run_id="run_wanted")
        await _tell(stage, place.site_id, 1, table_id="tbl_wanted", run_id="run_wanted")
        await _tell(stage, place.site_id, 2, table_id="tbl_wanted")
        assert (await ear.next()).seq == start + 4
        beat = await _beat(ear, start + 6)
    assert (beat.type, beat.data) == ("heartbeat", {"seq": start + 6})


async def _beat(ear: Any, seq: int) -> Heard:
    while True:
        result: Heard = await asyncio.wait_for(ear.block(), 10)
        if result.id and result.seq == seq:
            return result


@pytest.mark.parametrize("resumes", [False, True])
async def test_no_block_is_without_an_event(stage: Stage, resumes: bool) -> None:
    """A reader that splits at empty lines and makes an event of every block: hint and heartbeats are in none."""
    place, key = await _place(stage), await stage.key()
    async with stage.serving(api_heartbeat_s=0.1) as address:
        async with listening(address, key) as ear:
            first = await ear.next()
        async with listening(address, key, first.id if resumes else None) as ear:
            text, beats = "", 0
            async for chunk in ear.response.aiter_text():
                beats += chunk.count(": still here")
                text += chunk
                if beats == 3:
                    await _tell(stage, place.site_id, 1)
                if beats >= 3 and '{"n":0}' in text:
                    break
    assert text.startswith("retry: 2000\n")
    blocks = text.split("\n\n")[:-1]
    assert [re.findall(r"^event: (.*)$", each, re.MULTILINE) for each in blocks] == [["snapshot"], ["test"]][resumes:]
    assert all("\ndata: {" in each for each in blocks)


async def test_a_snapshot_says_what_it_holds_and_how_much_it_leaves_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "RECENT_VIDEOS", 2)
    client = await stage.client()
    place = await make_place(client)
    for _ in range(5):
        run = await make_run(client, place)
        answer(await client.post(f"/v1/videos/{run.video_id}/cancel"), 200)
    async with stage.serving() as address:
        async with listening(address, await stage.key()) as ear:
            whole = (await ear.next()).data
        async with listening(address, await stage.key(), topic="table.state") as ear:
            states = (await ear.next()).data
    nothing = dict.fromkeys(("videos", "states", "hazards", "cameras", "probes", "groups"), 0)
    assert (whole["holds"], whole["left_out"]) == (nothing | {"videos": 2}, nothing | {"videos": 3})
    assert (states["holds"], states["left_out"]) == (nothing, nothing)


async def test_another_sites_events_are_never_heard(stage: Stage) -> None:
    mine, other = await _place(stage), await _place(stage)
    key = await stage.key("read", sites=[mine.site_id])
    async with stage.serving() as address:
        async with listening(address, key) as ear:
            start = await ear.next()
            assert start.data["site_id"] == mine.site_id
            await _tell(stage, other.site_id, 3)
            await _tell(stage, mine.site_id, 1)
            assert (await ear.next()).seq == start.seq + 1
        client = stage.client_of(key)
        assert (await client.get(f"/v1/events?site_id={other.site_id}")).status_code == 404


async def test_a_reader_behind_the_ring_goes_on_from_the_database(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "RING_EVENTS", 10)
    place, key = await _place(stage), await stage.key()
    async with stage.serving() as address, listening(address, key) as early:
        first = await early.next()
        await _tell(stage, place.site_id, 100)
        await early.some(100)
        async with listening(address, key, first.id) as late:
            assert [each.seq for each in await late.some(100)] == list(range(first.seq + 1, first.seq + 101))


async def test_a_revoked_key_is_hung_up_at_the_next_heartbeat(stage: Stage) -> None:
    await _place(stage)
    admin, key = await stage.client(), await stage.key("read")
    async with stage.serving(api_heartbeat_s=0.3) as address, listening(address, key) as ear:
        await ear.next()
        keys = answer(await admin.get("/v1/keys"), 200)["items"]
        mine = next(each["key_id"] for each in keys if key.startswith(f"twk_{each['prefix']}_"))
        answer(await admin.delete(f"/v1/keys/{mine}"), 204)
        with pytest.raises(StopAsyncIteration):
            while True:
                await asyncio.wait_for(ear.block(), 10)


async def test_an_old_stream_ends_and_the_tail_forgets_the_site(stage: Stage) -> None:
    await _place(stage)
    key = await stage.key()
    async with stage.serving(api_heartbeat_s=0.2, api_stream_max_s=0.5) as address, listening(address, key) as ear:
        with pytest.raises(StopAsyncIteration):
            while True:
                await asyncio.wait_for(ear.block(), 10)
    await until(lambda: stage.deps.metrics.value("open_streams") == 0)


# More than sockets take for a reader that takes nothing: a few MiB on our side, a buffer of 64 KiB on its own
FLOOD, BIG, SMALL_BUFFER = 60, 256 * 1024, 64 * 1024


async def _flood(stage: Stage, site_id: str, witness: Ear | None = None) -> int:
    """Big events, each appended once a witness has the one before, so that all were in the ring. The last seq."""
    for _ in range(FLOOD):
        async with stage.pool.acquire() as conn, conn.transaction():
            await site_events.append(
                conn, [NewSiteEvent(site_id=site_id, type="test", document=orjson.dumps({"text": "x" * BIG}))]
            )
        if witness is not None:
            await witness.next()
    async with stage.pool.acquire() as conn:
        return (await site_events.span(conn, site_id))[1]


async def _to_the_end(ear: Ear) -> list[Heard]:
    """What is still to be had of a stream that is being hung up."""
    heard = list[Heard]()
    with suppress(httpx.TransportError, StopAsyncIteration):
        while True:
            heard.append(await ear.next())
    return heard


async def test_a_reader_left_behind_by_the_ring_is_told_to_resume_and_hung_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "RING_EVENTS", 4)
    place, key = await _place(stage), await stage.key()
    async with stage.serving(api_stream_stall_s=600) as address, listening(address, key) as witness:
        await witness.next()
        async with listening(address, key, buffer_bytes=SMALL_BUFFER) as slow:
            first = await slow.next()
            newest = await _flood(stage, place.site_id, witness)
            *heard, last = await _to_the_end(slow)
        assert (last.type, last.data["reason"]) == ("resume", "slow")
        assert last.data["last_event_id"] == heard[-1].id
        assert [each.seq for each in heard] == list(range(first.seq + 1, heard[-1].seq + 1))
        assert heard[-1].seq < newest
        async with listening(address, key, heard[-1].id) as again:
            rest = await again.some(newest - heard[-1].seq)
    assert [each.seq for each in rest] == list(range(heard[-1].seq + 1, newest + 1))


def _established(address: str) -> list[str]:
    """Connections that a server of this machine holds open, as /proc/net/tcp has them (proc(5))."""
    ours = f":{int(address.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [remote for _, local, remote, state, *_ in rows if local.endswith(ours) and state == "01"]


async def test_a_reader_that_takes_nothing_is_hung_up_without_a_word(stage: Stage) -> None:
    place, key = await _place(stage), await stage.key()
    async with stage.serving(api_stream_stall_s=0.5) as address:
        async with listening(address, key, buffer_bytes=SMALL_BUFFER) as stuck:
            first = await stuck.next()
            newest = await _flood(stage, place.site_id)
            await until(lambda: stage.deps.metrics.value("open_streams") == 0, 60)
            await until(lambda: not _established(address), 60)
            heard = await _to_the_end(stuck)
        last = (heard or [first])[-1]
        assert {each.type for each in heard} <= {"test"}
        assert [each.seq for each in heard] == list(range(first.seq + 1, last.seq + 1))
        assert last.seq < newest
    async with stage.serving() as address, listening(address, key, last.id) as again:
        rest = await again.some(newest - last.seq)
    assert [each.seq for each in rest] == list(range(last.seq + 1, newest + 1))


async def test_one_key_cannot_take_all_streams(stage: Stage) -> None:
    place = await _place(stage)
    key, other = await stage.key("read"), await stage.key("read")
    asked = {"headers": {"Authorization": f"Bearer {key}"}, "params": {"site_id": place.site_id}}
    async with stage.serving(api_streams_per_key=2) as address:
        async with listening(address, key) as one, listening(address, key) as two:
            await one.next()
            await two.next()
            async with httpx.AsyncClient(base_url=address) as client:
                refused = await client.get("/v1/events", **asked)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_event_streams")
            assert (refused.json()["retryable"], refused.headers["retry-after"]) == (True, "30")
            async with listening(address, other) as third:
                await third.next()
        served = stage.served
        assert served is not None
        await until(lambda: asyncio.sleep(0, not served.state.open_streams))
        async with listening(address, key) as again:
            await again.next()
