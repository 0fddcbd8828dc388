"""Creates the topics of `deploy/topics.yaml`, which is generated from `schemas/`."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stack.settings import StackError

TOPIC_EXISTS = 36
HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic to create. `partitions` None: the number that every pipeline topic has."""

    name: str
    partitions: int | None = None
    configs: Mapping[str, str] = field(default_factory=dict)


def declared(repo: Path) -> list[Topic]:
    """All topics: from the generated list, or from the contracts while there is none."""
    listing = repo / "deploy" / "topics.yaml"
    if listing.exists():
        return [_from_list(entry) for entry in yaml.safe_load(listing.read_text())["topics"]]
    contracts = [yaml.safe_load(path.read_text()) for path in sorted((repo / "schemas").glob("*/topic.yaml"))]
    return [topic for contract in contracts for topic in _from_contract(contract)]


def _from_list(entry: Mapping[str, Any]) -> Topic:
    configs = {str(name): str(value) for name, value in (entry.get("config") or {}).items()}
    return Topic(name=entry["name"], partitions=entry.get("partitions"), configs=configs)


def _from_contract(contract: Mapping[str, Any]) -> list[Topic]:
    configs = {"cleanup.policy": str(contract["cleanup"])}
    if contract.get("retention_hours"):
        configs["retention.ms"] = str(int(contract["retention_hours"]) * HOUR_MS)
    name = contract["topic"]
    dead_letters = [Topic(name=f"{name}.{group}.dlq", partitions=1) for group in contract.get("consumers") or ()]
    return [Topic(name=name, configs=configs), *dead_letters]


async def create(bootstrap: str, topics: list[Topic], partitions: int) -> int:
    """Create the missing ones; returns how many. Existing topics are not changed. Raises StackError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30_000)
    await admin.start()
    try:
        response = await admin.create_topics([_request(topic, partitions) for topic in topics])
    finally:
        await admin.close()
    made = 0
    for name, code, *rest in response.topic_errors:
        if code not in (0, TOPIC_EXISTS):
            raise StackError(f"Kafka refused topic {name}: error {code} {rest[0] if rest else ''}")
        made += code == 0
    return made


def _request(topic: Topic, partitions: int) -> NewTopic:
    count = topic.partitions or partitions
    return NewTopic(topic.name, num_partitions=count, replication_factor=1, topic_configs=dict(topic.configs))


def main() -> None:
    """usage: python -m stack.topics BOOTSTRAP PARTITIONS: create the missing ones (the compose file's job)."""
    bootstrap, partitions = sys.argv[1], int(sys.argv[2])
    made = asyncio.run(create(bootstrap, declared(Path(__file__).resolve().parents[3]), partitions))
    sys.stdout.write(f"{made} topics created\n")


if __name__ == "__main__":
    main()
