"""Writes `deploy/topics.yaml`: every topic that the broker gets, dead-letter topics included."""

from typing import Any

import yaml
from schemas.tools.model import Topic

HOUR_MS = 3_600_000
_DEAD_LETTER_HOURS = 720
# A deleted key stays visible as a tombstone for a week, so that a reader that was stopped sees it.
_TOMBSTONE_HOURS = 168

_HEAD = """# Made by schemas/generate.py; do not edit.
# partitions: null is the number that every topic of the pipeline has (setting PARTITIONS).
# key: templates of the record key; live keys go to the first two thirds of the partitions, run keys to the rest.
"""


def render(topics: list[Topic]) -> str:
    """The YAML document."""
    entries = [entry for topic in topics for entry in [_topic(topic), *_dead_letters(topic), *_changelogs(topic)]]
    return _HEAD + yaml.safe_dump({"topics": entries}, sort_keys=False, width=120)


def config(topic: Topic) -> dict[str, Any]:
    """The topic's settings by Kafka's names."""
    if topic.about["cleanup"] == "compact":
        return {"cleanup.policy": "compact", "delete.retention.ms": _TOMBSTONE_HOURS * HOUR_MS}
    return {"cleanup.policy": "delete", "retention.ms": topic.about["retention_hours"] * HOUR_MS}


def _topic(topic: Topic) -> dict[str, Any]:
    return {"name": topic.name, "partitions": None, "key": dict(topic.about["key"]), "config": config(topic)}


def _dead_letters(topic: Topic) -> list[dict[str, Any]]:
    settings = {"cleanup.policy": "delete", "retention.ms": _DEAD_LETTER_HOURS * HOUR_MS}
    return [
        {"name": f"{topic.name}.{group}.dlq", "partitions": 1, "config": dict(settings)}
        for group in topic.about["consumers"]
    ]


def _changelogs(topic: Topic) -> list[dict[str, Any]]:
    """Rows of the folds: as many partitions as the topic they fold, compacted and never deleted (folding.options)."""
    return [
        {"name": f"{group}-rows-changelog", "partitions": None, "config": {"cleanup.policy": "compact"}}
        for group in topic.about.get("folds", ())
    ]
