"""`topics` and `schema`: the topics of the broker, and their contracts."""

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
from tablewatch_cli.errors import UnknownTopic
from tablewatch_cli.settings import load
from tablewatch_schemas import TOPICS, TopicInfo, contracts

HOUR_MS = 3_600_000
COLUMNS = ("name", "owner", "partitions", "records", "cleanup", "retention_hours", "differs")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `differs` has a sentence for each difference between broker and contract."""

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
        output.note("The stack creates missing topics when it starts; retention and cleanup are set by kafka-configs "
                    "--alter. Never add partitions to a topic in use.")  # fmt: skip


async def _topics(bootstrap: str, everything: bool) -> list[Topic]:
    async with connected(bootstrap) as broker:
        there = await broker.topics()
        wanted = [*TOPICS, *(sorted(set(there) - set(TOPICS)) if everything else ())]
        configs = await broker.configs(name for name in wanted if name in there)
        records = await _records(broker, {name: there[name] for name in wanted if name in there})
    usual = usual_partitions(there)
    return [compared(name, there.get(name), records.get(name), configs.get(name, {}), usual) for name in wanted]


async def _records(broker: Broker, topics: Mapping[str, int]) -> dict[str, int]:
    partitions = [TopicPartition(topic, number) for topic, count in topics.items() for number in range(count)]
    counted: Counter[str] = Counter(dict.fromkeys(topics, 0))
    for at, edges in (await broker.edges(partitions)).items():
        counted[at.topic] += edges.count
    return dict(counted)


def usual_partitions(there: Mapping[str, int]) -> int | None:
    """The most frequent partition count: every topic of the contracts should have the same."""
    counts = Counter(count for name, count in there.items() if name in TOPICS)
    return counts.most_common(1)[0][0] if counts else None


def compared(
    name: str, partitions: int | None, records: int | None, config: Mapping[str, str], usual: int | None
) -> Topic:
    """A topic as the broker has it, compared with its contract."""
    cleanup = config.get("cleanup.policy")
    retention_ms = int(config.get("retention.ms", -1))
    hours = round(retention_ms / HOUR_MS) if cleanup == "delete" and retention_ms >= 0 else None
    info = TOPICS.get(name)
    differs = [] if info is None else list(_differences(info, partitions, cleanup, hours, usual))
    return Topic(name, info.owner if info else None, partitions, records, cleanup, hours, differs)


def _differences(
    info: TopicInfo, partitions: int | None, cleanup: str | None, hours: int | None, usual: int | None
) -> list[str]:
    if partitions is None:
        return ["missing"]
    found = []
    if partitions != usual:
        found.append(f"{partitions} partitions, others have {usual}")
    if cleanup != info.cleanup:
        found.append(f"cleanup is {cleanup}, not {info.cleanup}")
    if info.cleanup == "delete" and hours != info.retention_hours:
        found.append(f"kept {hours} hours, not {info.retention_hours}")
    return found


@click.command("schema")
@click.argument("topic", shell_complete=completion.topics)
@click.option("--example", is_flag=True, help="Its examples instead: whole records with key, headers and value.")
@click.option("--json", "as_json", is_flag=True, help="For symmetry: the output is always JSON.")
def schema_command(topic: str, example: bool, as_json: bool) -> None:
    """The JSON Schema of TOPIC, every field described with its unit. Needs no stack."""
    del as_json
    if topic not in TOPICS:
        raise UnknownTopic(f"{topic} is none of {', '.join(sorted(TOPICS))}.")
    output.as_json(examples(topic) if example else contracts.schema(topic))


def examples(topic: str) -> dict[str, object]:
    """The contract's example records by name."""
    files = sorted((contracts.ROOT / topic / "examples" / "v1").glob("*.json"))
    return {file.stem: json.loads(file.read_bytes()) for file in files}
