"""What a service returns at its operations port: readiness, and its metrics in Prometheus' text format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tablewatch_schemas import ContractError
from tablewatch_schemas.foreign import read_json

_SAMPLE = re.compile(r"^tablewatch_(\w+?)(?:\{([^}]*)\})? ([0-9.eE+-]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a metrics page; `name` is without the prefix `tablewatch_`."""

    name: str
    labels: Mapping[str, str]
    value: float


def samples(page: str) -> list[Sample]:
    """The samples of a metrics page whose names have our prefix."""
    return [Sample(name, dict(_LABEL.findall(labels)), float(value)) for name, labels, value in _SAMPLE.findall(page)]


@dataclass(frozen=True, slots=True)
class Readiness:
    """A body of /readyz: the names of what is checked, and the complaints by name."""

    checks: frozenset[str] = frozenset()
    complaints: Mapping[str, str] = field(default_factory=dict)


def readiness(body: str) -> Readiness:
    """Read a body of /readyz; empty when it is not ours, or of a release that did not name its checks."""
    try:
        document = read_json(body)
        complaints = {str(name): str(complaint) for name, complaint in document["complaints"].items()}
        return Readiness(frozenset(map(str, document.get("checks", ()))), complaints)
    except (ContractError, KeyError, TypeError, AttributeError):
        return Readiness()


def complaints(body: str) -> str:
    """What a body of /readyz complains of, on one line; the start of the body when it is not ours."""
    try:
        by_part = read_json(body)["complaints"]
        return "; ".join(f"{part}: {complaint}" for part, complaint in by_part.items())
    except (ContractError, KeyError, TypeError, AttributeError):
        return body[:200].strip()


def blown_fuses(found: Iterable[Sample]) -> list[str]:
    """Consumer groups that are stopped by their dead-letter fuse."""
    return sorted(each.labels.get("group", "?") for each in found if each.name == "fuse_blown" and each.value)


def lag_by_lane(found: Iterable[Sample]) -> dict[str, int]:
    """Records to read in the lanes `live` and `run`; a sample without a lane counts as live."""
    lanes = {"live": 0, "run": 0}
    for each in found:
        if each.name == "consumer_lag":
            lanes["run" if each.labels.get("lane") == "run" else "live"] += int(each.value)
    return lanes


def highest(found: Iterable[Sample], name: str) -> float:
    """The highest value of a gauge; 0 without a sample of it."""
    return max((each.value for each in found if each.name == name), default=0.0)
