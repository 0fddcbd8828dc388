"""What a service says of itself at its operations port: readiness, and its metrics page. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_SAMPLE = re.compile(r"^tablewatch_(\w+?)(?:\{([^}]*)\})? ([0-9.eE+-]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a metrics page, without the prefix of our names."""

    name: str
    labels: Mapping[str, str]
    value: float


def samples(page: str) -> list[Sample]:
    """Every sample of ours on a page."""
    return [Sample(name, dict(_LABEL.findall(labels)), float(value)) for name, labels, value in _SAMPLE.findall(page)]


def complaints(body: str) -> str:
    """A readiness answer in words."""
    try:
        said = json.loads(body)["complaints"]
        return "; ".join(f"{name}: {why}" for name, why in said.items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return body[:200].strip()


def blown(found: list[Sample]) -> list[str]:
    """Consumer groups that are stopped by their dead-letter fuse."""
    return sorted(each.labels.get("group", "?") for each in found if each.name == "fuse_blown" and each.value)


def behind(found: list[Sample]) -> dict[str, int]:
    """Records to read by lane."""
    lanes = {"live": 0, "run": 0}
    for each in found:
        if each.name == "consumer_lag":
            lanes["run" if each.labels.get("lane") == "run" else "live"] += int(each.value)
    return lanes


def most(found: list[Sample], name: str) -> float:
    """The highest value of a gauge; 0 when nobody says it."""
    return max((each.value for each in found if each.name == name), default=0.0)
