"""Which parts of tablewatch work now, by what the broker and the readiness checks of this process know. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.model.projections import GROUP
from api.model.types import Json


@dataclass(frozen=True, slots=True)
class Part:
    """A service, which works while each of its consumer groups has a member, and what it is for."""

    name: str
    groups: tuple[str, ...]
    purpose: str


SERVICES = (
    Part("extractor", ("extractor",), "reads cameras and videos"),
    Part("cropper", ("cropper",), "cuts the tables out of the pictures"),
    Part("classifier-gateway", ("classifier-gateway-dispatch", "classifier-gateway-fold"), "finds out who sits where"),
    Part("hazard", ("hazard-detect", "hazard-follow"), "looks for spills and obstacles"),
    Part("api", (GROUP,), "shows what was found"),
)
DEPENDENCIES = {"broker": "carries the messages", "database": "keeps what is set up", "store": "keeps the pictures"}


def services(ingest_groups: str = "ingest") -> tuple[Part, ...]:
    """All services. `ingest_groups`, separated by commas: ingest has one for each upload folder."""
    groups = tuple(name.strip() for name in ingest_groups.split(",") if name.strip())
    return Part("ingest", groups, "takes uploads"), *SERVICES


def groups_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """The consumer groups that are to be asked for."""
    return tuple(group for part in parts for group in part.groups)


def conclude(parts: Iterable[Part], members: Mapping[str, int] | None, complaints: Mapping[str, str]) -> list[Json]:
    """The state of each part: `well`, `away` or `unknown`.

    `members` by consumer group, None where the broker does not tell; `complaints` by dependency, as `/readyz` has them.
    """
    return [_document(each.name, _state(each, members), each.purpose) for each in parts] + [
        _document(name, "away" if name in complaints else "well", purpose) for name, purpose in DEPENDENCIES.items()
    ]


def _state(service: Part, members: Mapping[str, int] | None) -> str:
    if members is None:
        return "unknown"
    return "well" if all(members.get(group, 0) > 0 for group in service.groups) else "away"


def _document(name: str, state: str, purpose: str) -> Json:
    return {"part": name, "state": state, "purpose": purpose}
