"""What a file for `tablewatch apply` says: sites with their sections, cameras and layouts. Pure.

Fields have the names and units of the command line, and become those of the API here. What is left out stays as it is.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tablewatch_cli import hours, probes
from tablewatch_cli.located import Faults, Fields, Located, read

Document = dict[str, Any]
SITE = ("name", "site_id", "timezone", "hours", "detector", "sections", "cameras")
CAMERA = (
    "number", "name", "section", "notes", "enabled", "type", "address", "transport", "user", "password_env", "cadence",
    "look_every", "max_age", "detector", "hours", "layout",
)  # fmt: skip
HOUR_S, DAY_S = 3600, 86_400
LAYOUT = ("reference", "tables", "floor", "ignore")
TABLE = ("table_id", "label", "seats", "section", "polygon", "top")
ALWAYS = "always"
OF_SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """User name of a camera, and the environment variable with its password."""

    user: str
    password_env: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a layout; `fields` are those of the API, but for its section."""

    line: int
    fields: Document
    section: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The tables, floor and ignore areas of a camera."""

    line: int
    reference: Document
    tables: tuple[Table, ...]
    floor: list[Any]
    ignore: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera, known by its number. `section`: its name, where `has_section`."""

    line: int
    number: int
    fields: Document
    section: str | None
    has_section: bool
    source: Document | None
    login: Login | None
    layout: Layout | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site, known by `site_id`, else by its name."""

    line: int
    name: str
    site_id: str | None
    fields: Document
    sections: tuple[tuple[int, str], ...]
    cameras: tuple[Camera, ...] = field(default_factory=tuple)


def parse(text: str) -> tuple[list[Site], Faults]:
    """The sites of a file, and what is wrong with it; with faults the sites are of no use."""
    faults = Faults()
    document = read(text, faults)
    if document is None:
        if not faults.found:
            faults.add(1, "the file is empty: begin with sites:")
        return [], faults
    fields = Fields(document, "the file", faults, ("sites",))
    sites = [_site(each, faults) for each in fields.items("sites")]
    if "sites" not in fields:
        faults.add(document.line, "the file: sites is missing")
    _check_once([(site.line, site.site_id or site.name) for site in sites], "the file has two sites", faults)
    faults.found.sort()
    return sites, faults


def _site(given: Located, faults: Faults) -> Site:
    fields = Fields(given, "a site", faults, SITE)
    name = fields.get("name", text, needed=True) or ""
    fields.where = f"site {name}"
    sections = tuple((each.line, _section_name(each, fields.where, faults)) for each in fields.items("sections"))
    cameras = tuple(_camera(each, name, faults) for each in fields.items("cameras"))
    _check_once(list(sections), f"{fields.where} has two sections", faults)
    _check_once(
        [(each.line, each.number) for each in cameras if each.number], f"{fields.where} has two cameras", faults
    )
    named = _named(fields, {"timezone": ("timezone", zone), "detector": ("detector", text)})
    return Site(line=given.line, name=name, site_id=fields.get("site_id", text), sections=sections, cameras=cameras,
                fields=named | _hours(fields, {ALWAYS: None}))  # fmt: skip


def _section_name(given: Located, where: str, faults: Faults) -> str:
    if isinstance(given.value, str | int) and str(given.value):
        return str(given.value)
    faults.add(given.line, f"{where}: a section is no name")
    return ""


def _camera(given: Located, site: str, faults: Faults) -> Camera:
    fields = Fields(given, f"a camera of {site}", faults, CAMERA)
    number = fields.get("number", whole(1, 9999), needed=True)
    fields.where = f"camera {number or '?'} of {site}"
    named = _named(fields, {
        "name": ("name", text), "notes": ("notes", text), "enabled": ("enabled", yes_or_no),
        "detector": ("detector", text),
        "cadence": ("cadence_ms", milliseconds(0.1, HOUR_S)), "look_every": ("look_every_ms", milliseconds(0, HOUR_S)),
        "max_age": ("max_age_ms", milliseconds(0.001, DAY_S)),
    })  # fmt: skip
    always = {day: list(intervals) for day, intervals in hours.ALWAYS.items()}
    layout = fields.raw("layout")
    return Camera(
        line=given.line, number=number or 0, fields=named | _hours(fields, {ALWAYS: always, OF_SITE: None}),
        section=fields.get("section", text), has_section="section" in fields, source=_source(fields, faults),
        login=_login(fields, faults),
        layout=None if layout is None or layout.value is None else _layout(layout, fields.where, faults),
    )  # fmt: skip


def _source(fields: Fields, faults: Faults) -> Document | None:
    """Type, address and transport; None where the file says nothing of them."""
    address, kind = fields.get("address", text), fields.get("type", one_of("rtsp", "hls", "snapshot", "file", "none"))
    transport = fields.get("transport", one_of("tcp", "udp"))
    if address is None:
        if transport or kind not in (None, "none"):
            faults.add(fields.line, f"{fields.where}: address is missing")
        return None if kind is None else {"type": "none", "address": None, "transport": None}
    if "@" in address.partition("://")[2].partition("/")[0]:
        faults.add(fields.line_of("address"), f"{fields.where}: address: leave user name and password out: user: and"
                   " password_env:")  # fmt: skip
    try:
        return {"type": kind or probes.kind_of(address), "address": address, "transport": transport}
    except ValueError as error:
        faults.add(fields.line_of("address"), f"{fields.where}: address: {error}")
        return None


def _login(fields: Fields, faults: Faults) -> Login | None:
    user, variable = fields.get("user", text), fields.get("password_env", text)
    if user is None:
        if variable is not None:
            faults.add(fields.line_of("password_env"), f"{fields.where}: user is missing")
        return None
    if "address" not in fields:
        faults.add(fields.line_of("user"), f"{fields.where}: address is missing: a login is for an address")
    return Login(user=user, password_env=variable)


def _layout(given: Located, where: str, faults: Faults) -> Layout:
    fields = Fields(given, f"layout of {where}", faults, LAYOUT)
    tables = tuple(_table(each, where, faults) for each in fields.items("tables"))
    _check_once([(each.line, each.fields.get("label", "")) for each in tables], f"{where} has two tables", faults)
    return Layout(
        line=given.line, reference=fields.get("reference", size, needed=True) or {}, tables=tables,
        floor=fields.get("floor", _outlines) or [], ignore=fields.get("ignore", _outlines) or [],
    )  # fmt: skip


def _outlines(given: Any) -> list[Any]:
    return [outline(each) for each in _list(given)]


def _table(given: Located, where: str, faults: Faults) -> Table:
    fields = Fields(given, f"a table of {where}", faults, TABLE)
    label = fields.get("label", text, needed=True) or ""
    fields.where = f"table {label} of {where}"
    drawn: Document = {"label": label, "seats": fields.get("seats", whole(0, 1000))}
    drawn |= {"polygon": fields.get("polygon", outline, needed=True), "top": fields.get("top", outline)}
    if "table_id" in fields:
        drawn["table_id"] = fields.get("table_id", text)
    return Table(line=given.line, fields=drawn, section=fields.get("section", text))


def _named(fields: Fields, table: Mapping[str, tuple[str, Callable[[Any], Any]]]) -> Document:
    """Fields of the API, of those that the file names."""
    found = {to: fields.get(name, make) for name, (to, make) in table.items() if name in fields}
    return {name: value for name, value in found.items() if value is not None or name in ("detector", "notes")}


def _hours(fields: Fields, words: Mapping[str, Any]) -> Document:
    """`opening_hours`, where the file names them: as on the command line, or a word."""
    given = fields.get("hours", text)
    if given is None:
        return {}
    return {"opening_hours": words[given] if given in words else fields.get("hours", lambda typed: hours.parse(typed))}


def _check_once(named: list[tuple[int, Any]], what: str, faults: Faults) -> None:
    seen: set[Any] = set()
    for line, name in named:
        if name in seen and name:
            faults.add(line, f"{what} {name}")
        seen.add(name)


def text(value: object) -> str:
    """Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or str(value) == "":
        raise ValueError("is no text: put it in quotes")
    return str(value)


def yes_or_no(value: object) -> bool:
    """Raises ValueError."""
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")  # noqa: TRY004 (a fault of the file)
    return value


def whole(least: int, most: int) -> Callable[[object], int]:
    """A number from `least` to `most`."""

    def make(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"is no whole number from {least} to {most}")
        return value

    return make


def milliseconds(least: float, most: int) -> Callable[[object], int]:
    """Of seconds, from `least` to `most`."""

    def make(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"is no number of seconds, from {least:g} to {most}")
        return round(value * 1000)

    return make


def zone(value: object) -> str:
    """A name of the IANA database, where this machine has it. Raises ValueError."""
    name, known = text(value), _zones()
    if known and name not in known:
        raise ValueError("is no time zone, as Europe/Vienna is one")
    return name


@cache
def _zones() -> frozenset[str]:
    """Reading them takes 30 ms."""
    return frozenset(zoneinfo.available_timezones())


def one_of(*words: str) -> Callable[[object], str]:
    """One of some words."""

    def make(value: object) -> str:
        if value not in words:
            raise ValueError(f"is none of {', '.join(words)}")
        return str(value)

    return make


def size(value: object) -> Document:
    """`{width, height}` in pixels. Raises ValueError."""
    if not isinstance(value, dict) or value.keys() != {"width", "height"}:
        raise ValueError("is no size: write {width: 1280, height: 720}")
    return {name: whole(1, 32768)(value[name]) for name in ("width", "height")}


def outline(value: object) -> list[list[float]]:
    """Points, 0 to 1 of the picture. Raises ValueError; whether they can be a table the API says."""
    points = [_list(point) for point in _list(value)]
    if any(len(point) != 2 or not all(_is_number(each) for each in point) for point in points):
        raise ValueError("is no list of points: [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6]]")
    return [[float(x), float(y)] for x, y in points]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("is no list")  # noqa: TRY004 (a fault of the file)
    return value
