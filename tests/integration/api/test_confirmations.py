"""A state that is only confirmed: the read model and every reader know how long it holds, the log does not grow."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.integration.api.conftest import Stage
from tests.integration.api.place import START, RunOf, answer, decoded_record, make_place, make_run
from tests.integration.api.sse import Heard, listening

from api.project.apply import apply
from chassis.records import Record
from tablewatch_schemas import TableState, decode, replace, tombstone
from tablewatch_schemas.times import read_time, write_time


class Story:
    """Tables with transitions and confirmations; the events of them, and how it ends."""

    def __init__(self, stage: Stage, run: RunOf) -> None:
        self._stage, self._run, self._offset = stage, run, 0
        self._versions: dict[int, int] = {}
        self.turned: list[tuple[str, int]] = []
        self.newest: dict[str, dict[str, Any]] = {}

    def say(self, table: int, *, turn: bool, state: str = "free") -> TableState:
        """The next record of a table."""
        version = self._versions[table] = self._versions.get(table, 0) + 1
        table_id = self._run.place.tables[table]
        at = START + timedelta(seconds=version)
        before = self.newest.get(table_id)
        if turn or before is None:
            self.turned.append((table_id, version))
            since, reason = at, "evidence"
        else:
            since, state, reason = read_time(before["since"]), before["state"], "refresh"
        record = self._run.state(table, version, state, live=True)
        expires = at + timedelta(days=900)
        self.newest[table_id] = {"since": write_time(since), "state": state, "expires_at": write_time(expires)}
        return replace(record, since=since, as_of=at, expires_at=expires, reason=reason)

    async def apply(self, events: Sequence[Any]) -> None:
        """What the projector does with a batch of its topic."""
        await apply(self._stage.pool, [decoded_record(event, self._offset + n) for n, event in enumerate(events)])
        self._offset += len(events)

    async def log(self) -> list[tuple[str, int, str | None]]:
        """(table, version, what it confirms) of each row, in order."""
        rows = await self._stage.pool.fetch(
            "SELECT table_id, document->>'version' AS version, confirms FROM site_events"
            " WHERE site_id = $1 AND type = 'table.state' ORDER BY seq",
            self._run.place.site_id,
        )
        return [(row["table_id"], int(row["version"]), row["confirms"]) for row in rows]


async def _story(stage: Stage) -> tuple[Story, RunOf]:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    return Story(stage, run), run


async def test_a_confirmation_takes_the_place_of_the_one_before_it(stage: Stage) -> None:
    story, run = await _story(stage)
    one, other = run.place.tables[:2]
    await story.apply([story.say(0, turn=True), story.say(1, turn=True)])
    for _ in range(3):
        await story.apply([story.say(0, turn=False), story.say(1, turn=False)])
    assert await story.log() == [(one, 1, None), (other, 1, None), (one, 4, one), (other, 4, other)]
    await story.apply([story.say(0, turn=False), story.say(0, turn=False), story.say(0, turn=True, state="occupied")])
    assert await story.log() == [(one, 1, None), (other, 1, None), (other, 4, other), (one, 7, None)]
    states = answer(await (await stage.client()).get(f"/v1/states?site_id={run.place.site_id}"), 200)["items"]
    assert {each["table_id"]: each["expires_at"] for each in states} == {
        table: result["expires_at"] for table, result in story.newest.items()
    }
    history = answer(await (await stage.client()).get(f"/v1/tables/{one}/states"), 200)["items"]
    assert [each["version"] for each in history] == [7, 1]
    await stage.pool.execute("UPDATE tables SET retired_at = now() WHERE table_id = $1", one)
    states = answer(await (await stage.client()).get(f"/v1/states?site_id={run.place.site_id}"), 200)["items"]
    assert [each["table_id"] for each in states] == [other]


async def test_the_last_word_of_a_run_stays_and_a_tombstone_ends_the_confirmation(stage: Stage) -> None:
    story, run = await _story(stage)
    await story.apply([run.state(0, 1, "free"), run.state(0, 2, "free"), run.state(0, 3, "free", last=True)])
    await story.apply([run.state(1, 1, "free"), run.state(1, 2, "free")])
    table, second = run.place.tables[:2]
    assert await story.log() == [
        (table, 1, None), (table, 3, None), (second, 1, None), (second, 2, f"{second}@{run.run_id}"),
    ]  # fmt: skip
    gone = tombstone(TableState, f"{second}@{run.run_id}", source="t", time=START, lane="run", version=9)
    await apply(stage.pool, [_tombstone(gone, 100)])
    assert await story.log() == [(table, 1, None), (table, 3, None), (second, 1, None)]


def _tombstone(gone: Any, offset: int) -> Any:
    record = Record(gone.topic, 5, offset, 0, gone.key, gone.value, gone.headers)
    return record, decode(record.topic, record.key, record.value, record.headers)


async def test_who_listens_hears_every_confirmation_and_who_comes_back_the_newest(stage: Stage) -> None:
    story, run = await _story(stage)
    key, table = await stage.key(), run.place.tables[0]
    async with stage.serving() as address:
        async with listening(address, key, site_id=run.place.site_id) as ear:
            first = await ear.next()
            await story.apply([story.say(0, turn=True)])
            turned = await ear.next()
            for version in (2, 3, 4):
                await story.apply([story.say(0, turn=False)])
                assert (await ear.next()).data["version"] == version
        async with stage.serving() as another, listening(another, key, turned.id, site_id=run.place.site_id) as ear:
            again = await ear.next()
            assert (again.type, again.data["version"], again.seq) == ("table.state", 4, first.seq + 4)
            await story.apply([story.say(0, turn=True, state="occupied")])
            assert (await ear.next()).seq == first.seq + 5
        async with listening(address, key, site_id=run.place.site_id) as ear:
            snapshot = (await ear.next()).data
    assert {each["table_id"]: each["expires_at"] for each in snapshot["states"]} == {
        table: story.newest[table]["expires_at"]
    }


async def test_readers_that_come_and_go_between_servers_miss_no_turn_and_end_with_what_holds(stage: Stage) -> None:
    """Random turns and confirmations in random batches; a reader hangs up anywhere and resumes at the other server."""
    story, run = await _story(stage)
    chosen, key, site = random.Random(7), await stage.key(), run.place.site_id
    heard: list[Heard] = []
    tables = range(len(run.place.tables))
    async with stage.serving() as one, stage.serving() as other:
        async with listening(one, key, site_id=site) as ear:
            last = (await ear.next()).id
        for turn in range(25):
            for _ in range(chosen.randint(1, 4)):
                await story.apply([
                    story.say(chosen.choice(tables), turn=chosen.random() < 0.2, state=chosen.choice(["free", "dirty"]))
                    for _ in range(chosen.randint(1, 6))
                ])  # fmt: skip
            newest = await stage.pool.fetchval("SELECT seq FROM site_sequences WHERE site_id = $1", site)
            stops = chosen.randint(1, 3) if turn < 24 else 10_000
            async with listening(chosen.choice([one, other]), key, last, site_id=site) as ear:
                while stops and (not heard or heard[-1].seq < newest):
                    heard.append(await ear.next())
                    last, stops = heard[-1].id, stops - 1
    seqs = [each.seq for each in heard]
    assert seqs == sorted(set(seqs)), "in order, and none twice"
    result = [(each.data["table_id"], each.data["version"]) for each in heard]
    assert [each for each in result if each in set(story.turned)] == story.turned
    view = {each.data["table_id"]: each.data for each in heard}
    assert {
        table: {name: view[table][name] for name in ("since", "state", "expires_at")} for table in view
    } == story.newest
    assert len(await story.log()) <= len(story.turned) + len(tables)
