"""`topics` and `schema`: what is on the broker, and what the contract says."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import click
from aiokafka import TopicPartition

from tablewatch_cli import completion, output
from tablewatch_cli.broker import Broker, bootstrap_of, connected
from tablewatch_cli.errors import CliError
from tablewatch_cli.settings import load
from tablewatch_schemas import TOPICS, TopicInfo, contracts

HOUR_MS = 3_600_000
COLUMNS = ("name", "owner", "partitions", "records", "cleanup", "retention_hours", "differs")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `differs` says in words where the broker is not as the contract has it."""

    name: str
    owner: str | None
    partitions: int | None
    records: int | None
    cleanup: str | None
    retention_hours: int | None
    differs: list[str]


@click.command("topics")
@click.option("--all", "everything", is_flag=True, help="Dead-letter topics and changelogs too.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def topics_command(everything: bool, as_json: bool) -> None:
    """The topics: owner, partitions, records and retention, and where the broker differs from the contract."""
    found = asyncio.run(_topics(bootstrap_of(load()), everything))
    if as_json:
        output.as_json([asdict(topic) for topic in found])
        return
    output.table([asdict(topic) for topic in found], COLUMNS, "no topics")
    if any(topic.differs for topic in found):
        output.err.print("The stack makes missing topics when it starts; retention and cleanup are set by "
                         "kafka-configs --alter. Never add partitions to a topic in use.", soft_wrap=True)  # fmt: skip


async def _topics(bootstrap: str, everything: bool) -> list[Topic]:
    async with connected(bootstrap) as broker:
        there = await broker.topics()
        wanted = [*TOPICS, *(sorted(set(there) - set(TOPICS)) if everything else ())]
        configs = await broker.configs(name for name in wanted if name in there)
        records = await _records(broker, {name: there[name] for name in wanted if name in there})
    usual = usual_partitions(there)
    return [compared(name, there.get(name), records.get(name), configs.get(name, {}), usual) for name in wanted]


async def _records(broker: Broker, topics: Mapping[str, int]) -> dict[str, int]:
    places = [TopicPartition(topic, number) for topic, count in topics.items() for number in range(count)]
    counted: Counter[str] = Counter(dict.fromkeys(topics, 0))
    for at, edges in (await broker.edges(places)).items():
        counted[at.topic] += edges.count
    return dict(counted)


def usual_partitions(there: Mapping[str, int]) -> int | None:
    """What PARTITIONS seems to be: every topic of the contracts has the same number."""
    counts = Counter(count for name, count in there.items() if name in TOPICS)
    return counts.most_common(1)[0][0] if counts else None


def compared(
    name: str, partitions: int | None, records: int | None, config: Mapping[str, str], usual: int | None
) -> Topic:
    """A topic as the broker has it, and where that is not the contract."""
    cleanup = config.get("cleanup.policy")
    kept_ms = int(config.get("retention.ms", -1))
    kept = round(kept_ms / HOUR_MS) if cleanup == "delete" and kept_ms >= 0 else None
    info = TOPICS.get(name)
    differs = [] if info is None else list(_differences(info, partitions, cleanup, kept, usual))
    return Topic(name, info.owner if info else None, partitions, records, cleanup, kept, differs)


def _differences(
    info: TopicInfo, partitions: int | None, cleanup: str | None, kept: int | None, usual: int | None
) -> list[str]:
    if partitions is None:
        return ["missing"]
    said = []
    if partitions != usual:
        said.append(f"{partitions} partitions, others have {usual}")
    if cleanup != info.cleanup:
        said.append(f"cleanup is {cleanup}, not {info.cleanup}")
    if info.cleanup == "delete" and kept != info.retention_hours:
        said.append(f"kept {kept} hours, not {info.retention_hours}")
    return said


@click.command("schema")
@click.argument("topic", shell_complete=completion.topics)
@click.option("--example", is_flag=True, help="Its examples instead: whole records with key, headers and value.")
@click.option("--json", "as_json", is_flag=True, help="For symmetry: the output is always JSON.")
def schema_command(topic: str, example: bool, as_json: bool) -> None:
    """The JSON Schema of TOPIC, every field described with its unit. Needs no stack."""
    del as_json
    if topic not in TOPICS:
        raise CliError("unknown_topic", f"there is no topic {topic}; known: {', '.join(sorted(TOPICS))}")
    output.as_json(examples(topic) if example else contracts.schema(topic))


def examples(topic: str) -> dict[str, object]:
    """The contract's example records by name."""
    files = sorted((contracts.ROOT / topic / "examples" / "v1").glob("*.json"))
    return {file.stem: json.loads(file.read_bytes()) for file in files}
