"""From what sites are to what a file says: the changes, in order. The same way whether they are made or only shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tablewatch_cli import hours
from tablewatch_cli.sites_file import Camera, Document, Layout, Site

NEW = "(new)"
"""In the place of an id, of what is only shown."""
ACCURACY = 6
"""Digits of a position that count."""


class Reader(Protocol):
    """Reads the API."""

    def get(self, path: str) -> Document:
        """One document."""

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Document]:
        """Every item of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A request that makes a part of the API as the file has it. `what`: for a person; `fields`: from and to."""

    line: int
    method: str
    path: str
    body: Document
    what: str
    fields: dict[str, tuple[Any, Any]]
    before: Document | None

    @property
    def adds(self) -> bool:
        """Whether it makes something that was not there."""
        return self.before is None


Write = Callable[[Change], Document]
"""Makes a change, or only notes it, and returns the document as it is then."""


def expected(change: Change) -> Document:
    """The document as it will be, as far as it can be known before."""
    ids: Document = {"site_id": NEW, "section_id": NEW, "camera_id": NEW, "layout_version": None, "source": {}}
    return {**ids, **(change.before or {}), **change.body}


def drawing(change: Change) -> Document | None:
    """The layout that a change draws, without sections, which may not be there yet; None of another change."""
    if not change.path.endswith("/layout"):
        return None
    return change.body | {"tables": [each | {"section_id": None} for each in change.body["tables"]]}


def reconcile(sites: list[Site], api: Reader, write: Write, secret: Callable[[Camera], Document]) -> Iterator[Change]:
    """Each change, once it is written. `secret` has user and password of a camera that needs them.

    Raises AmbiguousSite, and what `write` and `secret` raise.
    """
    known = list(api.pages("/v1/sites"))
    for site in sites:
        yield from _Site(site, api, write, secret).changes(known)


class AmbiguousSite(Exception):
    """`reason`: why it cannot be said which site is meant; `line`: of the file."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass(slots=True)
class _Site:
    site: Site
    api: Reader
    write: Write
    secret: Callable[[Camera], Document]

    def changes(self, known: list[Document]) -> Iterator[Change]:
        current = self._find(known)
        wanted = {"name": self.site.name, **self.site.fields}
        if current is None:
            change = self._change(self.site.line, "POST", "/v1/sites", _present(wanted), f"site {self.site.name}")
            current = self.write(change)
            yield change
        elif diff := different(current, wanted):
            path = f"/v1/sites/{current['site_id']}"
            change = self._change(self.site.line, "PATCH", path, _to(diff), f"site {self.site.name}", current, diff)
            self.write(change)
            yield change
        yield from self._inside(str(current["site_id"]))

    def _find(self, known: list[Document]) -> Document | None:
        site = self.site
        found = [each for each in known if site.site_id in (None, each["site_id"])]
        if site.site_id is None:
            found = [each for each in found if each["name"] == site.name]
        elif not found:
            raise AmbiguousSite(site.line, f"there is no site {site.site_id}, or the key does not open it")
        if len(found) > 1:
            ids = ", ".join(str(each["site_id"]) for each in found)
            raise AmbiguousSite(
                site.line, f"{len(found)} sites are called {site.name}: give one of them as site_id: {ids}"
            )
        return found[0] if found else None

    def _inside(self, site_id: str) -> Iterator[Change]:
        is_new = site_id == NEW
        path = f"/v1/sites/{site_id}/sections"
        sections = {} if is_new else {each["name"]: each["section_id"] for each in self.api.pages(path)}
        for line, name in self.site.sections:
            if name not in sections:
                change = self._change(line, "POST", path, {"name": name}, f"section {name} of {self.site.name}")
                sections[name] = self.write(change)["section_id"]
                yield change
        params = {"site_id": site_id}
        cameras = {} if is_new else {each["number"]: each for each in self.api.pages("/v1/cameras", params)}
        for camera in self.site.cameras:
            yield from self._camera(camera, cameras.get(camera.number), site_id, sections)

    def _camera(
        self, camera: Camera, current: Document | None, site_id: str, sections: Mapping[str, str]
    ) -> Iterator[Change]:
        wanted = dict(camera.fields) | (
            {} if not camera.has_section else {"section_id": self._section(camera.line, camera.section, sections)}
        )
        if camera.source is not None:
            wanted["source"] = dict(camera.source)
        change = self._new(camera, wanted, site_id) if current is None else self._changed(camera, wanted, current)
        if change is not None:
            current = self.write(change)
            yield change
        if camera.layout is not None and current is not None:
            yield from self._layout(camera, camera.layout, current, sections)

    def _new(self, camera: Camera, wanted: Document, site_id: str) -> Change:
        body = _present({"site_id": site_id, "number": camera.number, "name": f"Camera {camera.number}", **wanted})
        if "source" in body:
            body["source"] = _present(body["source"] | (self.secret(camera) if camera.login else {}))
        return self._change(camera.line, "POST", "/v1/cameras", body, self._title(camera))

    def _changed(self, camera: Camera, wanted: Document, current: Document) -> Change | None:
        """A password cannot be read back: it is sent where there is none, or for another address."""
        source = current["source"]
        diff = different(current, {name: value for name, value in wanted.items() if name != "source"})
        if "source" in wanted:
            new = wanted["source"]
            same = all(new[name] == source.get(name) for name in ("type", "address", "transport"))
            keeps = bool(source["secret_ref"]) and new["address"] == source["address"]
            if not same or (camera.login is not None and not keeps):
                login = self.secret(camera) if camera.login and not keeps else {}
                kept = {"secret_ref": source["secret_ref"]} if keeps else {}
                diff["source"] = (source, new | kept | login)
        if not diff:
            return None
        body = _to(diff)
        if "source" in body:
            body["source"] = _present(body["source"])
        path = f"/v1/cameras/{current['camera_id']}"
        return self._change(camera.line, "PATCH", path, body, self._title(camera), current, diff)

    def _layout(
        self, camera: Camera, layout: Layout, current: Document, sections: Mapping[str, str]
    ) -> Iterator[Change]:
        body = self._drawing(layout, sections)
        path = f"/v1/cameras/{current['camera_id']}/layout"
        before = None if current["layout_version"] is None else self.api.get(path)
        if before is not None and drawn(before) == drawn(body):
            return
        labels = [[t["label"] for t in each["tables"]] for each in (before or {"tables": []}, body)]
        fields = {"tables": (None if before is None else ", ".join(labels[0]), ", ".join(labels[1]))}
        change = self._change(layout.line, "PUT", path, body, f"layout of {self._title(camera)}", before, fields)
        self.write(change)
        yield change

    def _drawing(self, layout: Layout, sections: Mapping[str, str]) -> Document:
        tables = [
            {**table.fields, "section_id": self._section(table.line, table.section, sections)}
            for table in layout.tables
        ]
        drawing: Document = {"reference": layout.reference, "tables": tables}
        return drawing | {"floor": layout.floor, "ignore": layout.ignore}

    def _section(self, line: int, name: str | None, sections: Mapping[str, str]) -> str | None:
        if name is None:
            return None
        if name not in sections:
            raise AmbiguousSite(line, f"{self.site.name} has no section {name}: list it in sections")
        return sections[name]

    def _title(self, camera: Camera) -> str:
        return f"camera {camera.number} of {self.site.name}"

    def _change(
        self, line: int, method: str, path: str, body: Document, what: str, before: Document | None = None,
        fields: dict[str, tuple[Any, Any]] | None = None,
    ) -> Change:  # fmt: skip
        shown = {name: (None, value) for name, value in body.items() if name != "site_id"} if fields is None else fields
        return Change(line=line, method=method, path=path, body=body, what=what, fields=shown, before=before)


def different(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Fields that are not as they are wanted: from and to."""
    return {name: (current.get(name), value) for name, value in wanted.items() if current.get(name) != value}


def drawn(layout: Document) -> Document:
    """What is to be compared of a layout: without ids that the API gives, positions to ACCURACY."""
    names = ("label", "seats", "section_id")
    tables = [
        {name: table.get(name) for name in names} | {name: _rounded(table.get(name)) for name in ("polygon", "top")}
        for table in layout["tables"]
    ]
    areas = {name: [_rounded(each) for each in layout.get(name, ())] for name in ("floor", "ignore")}
    return {"reference": dict(layout["reference"]), "tables": tables, **areas}


def _rounded(points: Any) -> Any:
    """Without points that repeat the one before or close the ring, as the API keeps them."""
    if points is None:
        return None
    rounded = [[round(float(each), ACCURACY) for each in point] for point in points]
    kept = [point for point, before in zip(rounded, [None, *rounded], strict=False) if point != before]
    return kept[:-1] if len(kept) > 1 and kept[0] == kept[-1] else kept


def lines(change: Change) -> Iterator[str]:
    """A change for a person: what is added or changed, and each field from and to."""
    yield f"{'+' if change.adds else '~'} {change.what}"
    for name, (old, new) in change.fields.items():
        if change.adds:
            if new not in (None, [], {}):
                yield f"    {name}: {value(name, new)}"
        else:
            yield f"    {name}: {value(name, old)} -> {value(name, new)}"


def value(name: str, given: Any) -> str:
    """A field for a person; of a source neither password nor where it is kept."""
    if name == "opening_hours":
        return hours.text(given, "none of its own")
    if name == "source" and isinstance(given, dict):
        over = f" over {given['transport']}" if given.get("transport") else ""
        login = ", with a password" if given.get("secret_ref") or given.get("user") else ""
        return f"{given.get('type')} {given.get('address') or ''}".rstrip() + over + login
    if isinstance(given, list):
        return f"{len(given)}"
    if isinstance(given, dict):
        return ", ".join(f"{key} {each}" for key, each in given.items())
    return "none" if given is None else str(given)


def _to(diff: Mapping[str, tuple[Any, Any]]) -> Document:
    return {name: new for name, (_, new) in diff.items()}


def _present(values: Mapping[str, Any]) -> Document:
    return {name: value for name, value in values.items() if value is not None}
