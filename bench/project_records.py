"""What the projector costs a record, without the database: CPU time of applying a batch of live records of table.state.

usage: python -m bench.project_records [ROUNDS]
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson

from api.project.apply import apply
from api.project.batch import DecodedRecord
from chassis.records import Record
from events.decode import decode_record
from tablewatch_schemas import TableState, encode, from_json, replace

RECORDS, TABLES = 1000, 100
HOLDS = 5
"""Records of a table in one state: one transition, the rest confirmations."""
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
EXAMPLE = Path("schemas/table.state/examples/v1/live.json")


class Connection:
    """Answers as an empty database with the site of the example does, and takes every row."""

    async def fetch(self, sql: str, *_: object) -> list[dict[str, Any]]:
        """Rows of a query."""
        return [{"site_id": _example().site_id}] if "FROM sites" in sql else []

    async def fetchval(self, *_: object) -> int:
        """The seq of a site."""
        return RECORDS

    async def execute(self, *_: object) -> None:
        """Do nothing."""

    async def executemany(self, _: str, rows: list[tuple[object, ...]]) -> None:
        """Read the rows."""
        list(rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction."""
        yield


class Pool:
    """A pool of such connections."""

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection."""
        yield Connection()


def _example() -> TableState:
    return from_json(TableState, orjson.dumps(orjson.loads(EXAMPLE.read_bytes())["value"]))


def records() -> list[DecodedRecord]:
    """The batch."""
    example = _example()
    made: list[DecodedRecord] = []
    for number in range(RECORDS):
        version, table = divmod(number, TABLES)
        changes = version // HOLDS
        state = replace(
            example, table_id=f"tbl_{table}", version=version + 1, since=NOW + timedelta(minutes=changes),
            state="free" if changes % 2 else "occupied",
        )  # fmt: skip
        sent = encode(state, source="tablewatch/bench", time=NOW)
        record = Record(sent.topic, 0, number, 0, sent.key, sent.value, sent.headers)
        made.append((record, decode_record(record)))
    return made


async def measure(rounds: int) -> list[float]:
    """Microseconds a record, of each round."""
    batch, figures = records(), []
    for _ in range(rounds):
        began = time.process_time()
        await apply(cast(Any, Pool()), batch)
        figures.append((time.process_time() - began) / RECORDS * 1e6)
    return figures


def main() -> None:
    """Print least and median."""
    figures = asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
    print(f"apply: {min(figures):.1f} us a record at least, {statistics.median(figures):.1f} in the median")


if __name__ == "__main__":
    main()
