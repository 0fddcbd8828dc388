"""`apply`: a file becomes requests once, its faults are named by line, and nothing changes the second time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.test_cli_commands import Stub, run, server

from tablewatch_cli import sites_file, sites_plan
from tablewatch_cli.errors import Exit
from tablewatch_cli.sites_file import Camera, Document
from tablewatch_cli.sites_plan import Change

__all__ = ["server"]
EXAMPLE = Path(__file__).parents[3] / "examples" / "sites.yaml"


class Chain:
    """As much of the API as a chain needs: it keeps what it is sent."""

    def __init__(self) -> None:
        self.sites: list[Document] = []
        self.sections: dict[str, list[Document]] = {}
        self.cameras: dict[str, Document] = {}
        self.layouts: dict[str, Document] = {}
        self.sent: list[Change] = []

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Document]:
        if path == "/v1/sites":
            return iter(list(self.sites))
        if path == "/v1/cameras":
            return iter([each for each in self.cameras.values() if each["site_id"] == (params or {})["site_id"]])
        return iter(self.sections.get(path.split("/")[3], []))

    def get(self, path: str) -> Document:
        return self.layouts[path.split("/")[3]]

    def write(self, change: Change) -> Document:
        self.sent.append(change)
        parts = change.path.split("/")
        if parts[-1] == "layout":
            return self._draw(parts[3], change.body)
        if parts[-1] == "sections":
            made = {"section_id": f"sec_{len(self.sent)}", **change.body}
            self.sections.setdefault(parts[3], []).append(made)
            return made
        if parts[2] == "sites":
            return self._site(change)
        return self._camera(parts, change.body)

    def _site(self, change: Change) -> Document:
        if change.method == "POST":
            blank = {"timezone": "UTC", "opening_hours": None, "detector": None}
            self.sites.append({"site_id": f"site_{len(self.sites)}", **blank, **change.body})
            return self.sites[-1]
        site = next(each for each in self.sites if each["site_id"] == change.path.split("/")[3])
        site |= change.body
        return site

    def _camera(self, parts: list[str], body: Document) -> Document:
        blank: Document = {
            "camera_id": f"cam_{len(self.cameras)}", "section_id": None, "notes": None, "enabled": True,
            "detector": None, "cadence_ms": 10_000, "look_every_ms": 0, "max_age_ms": 60_000, "opening_hours": None,
            "layout_version": None, "source": {"type": "none", "address": None, "secret_ref": None, "transport": None},
        }  # fmt: skip
        camera = self.cameras[parts[3]] if len(parts) > 3 else blank
        source = body.get("source")
        if source is not None:
            secret = "secrets/x" if source.get("user") else source.get("secret_ref")
            source = {name: source.get(name) for name in ("type", "address", "transport")} | {"secret_ref": secret}
        camera |= body | ({} if source is None else {"source": source})
        self.cameras[camera["camera_id"]] = camera
        return camera

    def _draw(self, camera_id: str, body: Document) -> Document:
        tables = [{"table_id": f"tbl_{number}", **table} for number, table in enumerate(body["tables"])]
        self.layouts[camera_id] = {**body, "tables": tables}
        self.cameras[camera_id]["layout_version"] = 1
        return self.layouts[camera_id]


def apply(chain: Chain, text: str, *, dry: bool = False) -> list[Change]:
    sites, faults = sites_file.parse(text)
    assert faults.found == []
    write = sites_plan.expected if dry else chain.write
    return list(sites_plan.reconcile(sites, chain, write, _login))


def _login(camera: Camera) -> Document:
    return {"user": camera.login.user, "password": "hunter2"} if camera.login else {}


def chain_of(count: int) -> str:
    """The example, with its first site so many times under names of their own."""
    head, first, _ = re.split(r"(?m)^(?=  - name: )", EXAMPLE.read_text())
    return head + "".join(first.replace("Harbour", f"Harbour {number}") for number in range(count))


def test_a_chain_of_twenty_sites_is_made_once() -> None:
    chain, text = Chain(), chain_of(20)
    shown = [change.what for change in apply(chain, text, dry=True)]
    assert chain.sent == []
    made = [change.what for change in apply(chain, text)]
    assert shown == made
    assert (len(chain.sites), len(chain.cameras), len(chain.layouts)) == (20, 40, 20)
    assert len(made) == 20 * (1 + 2 + 2 + 1)
    assert apply(chain, text) == []
    assert chain.cameras["cam_0"]["source"] == {
        "type": "rtsp", "address": "rtsp://192.168.1.20:554/stream1", "transport": None, "secret_ref": "secrets/x",
    }  # fmt: skip


def test_only_what_differs_changes() -> None:
    chain = Chain()
    text = EXAMPLE.read_text()
    apply(chain, text)
    chain.sent.clear()
    text = (
        text.replace("cadence: 5", "cadence: 2.5")
        .replace("name: Bar", "name: Long bar")
        .replace("seats: 2", "seats: 3")
    )
    text = text.replace("daily 17:00-01:00", "always").replace("192.168.1.20:554", "192.168.1.30:554")
    changes = apply(chain, text)
    assert [(each.what, list(each.fields)) for each in changes] == [
        ("camera 1 of Harbour", ["source"]),
        ("layout of camera 1 of Harbour", ["tables"]),
        ("camera 2 of Harbour", ["cadence_ms"]),
        ("site Kreuzberg", ["opening_hours"]),
        ("camera 1 of Kreuzberg", ["name"]),
    ]
    assert changes[0].body["source"]["password"] == "hunter2"
    assert "hunter2" not in "".join(text for each in changes for text in sites_plan.lines(each))
    assert list(sites_plan.lines(changes[2])) == ["~ camera 2 of Harbour", "    cadence_ms: 5000 -> 2500"]
    assert apply(chain, text) == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "the file is empty"),
        ("sites: [", 1, "no YAML"),
        ("sites: &a [*a]", 1, "no YAML"),
        ("site: []", 1, "site is no field of it"),
        ("sites:\n  - name: A\n  - name: A\n", 3, "the file has two sites A"),
        ("sites:\n  - name: A\n    hours: weekdays\n", 3, "site A: hours: 'weekdays' is no day"),
        ("sites:\n  - name: A\n    name: B\n", 3, "name stands there twice"),
        ("sites:\n  - name: A\n    cameras:\n      - name: x\n", 4, "number is missing"),
        ("sites:\n  - name: A\n    cameras:\n      - {number: 1}\n      - {number: 1}\n", 5, "two cameras 1"),
        ("sites:\n  - name: A\n    cameras:\n      - number: 1\n        cadence: soon\n", 5, "cadence: is no number"),
        ("sites:\n  - name: A\n    cameras:\n      - number: 1\n        cadence: 0\n", 5, "cadence: is no number"),
        ("sites:\n  - name: A\n    timezone: Europe/Berlim\n", 3, "timezone: is no time zone"),
        (
            "sites:\n  - name: A\n    cameras:\n      - number: 1\n        address: rtsp://u:p@x/\n",
            5,
            "leave user name",
        ),
        ("sites:\n  - name: A\n    cameras:\n      - number: 1\n        password_env: X\n", 5, "user is missing"),
        ("sites:\n  - name: A\n    cameras:\n      - number: 1\n        password: X\n", 5, "password is no field"),
        (
            "sites:\n  - name: A\n    cameras:\n      - number: 1\n        layout: {tables: []}\n",
            5,
            "reference is missing",
        ),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, line: int, said: str) -> None:
    _, faults = sites_file.parse(text)
    assert faults.found[0][0] == line
    assert said in faults.found[0][1]


def test_the_command_shows_and_makes_what_differs(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sites.yaml"
    path.write_text("sites:\n  - name: Harbour\n    timezone: Europe/Berlin\n    sections: [Bar]\n")
    site = {"site_id": "site_1", "name": "Harbour", "timezone": "UTC"}
    empty = {"items": [], "next_cursor": None}
    server.answers |= {
        ("GET", "/v1/sites"): (200, {"items": [site], "next_cursor": None}),
        ("GET", "/v1/sites/site_1/sections"): (200, empty),
        ("GET", "/v1/cameras?site_id=site_1"): (200, empty),
        ("PATCH", "/v1/sites/site_1"): (200, site),
        ("POST", "/v1/sites/site_1/sections"): (409, {"code": "name_taken", "detail": "The site has one."}),
    }
    assert run("apply", "-f", str(path), "--dry-run") == Exit.OK
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:2] == ["~ site Harbour", "    timezone: UTC -> Europe/Berlin"]
    assert "sites in the file: 1; would be added: 1, changed: 1" in shown.err
    assert {asked for asked, _, _ in server.seen} == {"GET"}
    assert run("apply", "-f", str(path), "--json") == Exit.REFUSED
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "name_taken"
    assert error["reason"] == f"{path}:4: section Bar of Harbour: The site has one."


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_layout_that_cannot_be_drawn_changes_nothing(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    path = tmp_path / "sites.yaml"
    path.write_text("""sites:
  - name: Harbour
    sections: [Bar]
    cameras:
      - number: 1
        layout:
          reference: {width: 1280, height: 720}
          tables: [{label: "1", section: Bar, polygon: [[0.1, 0.1], [0.4, 0.4], [0.4, 0.1], [0.1, 0.4]]}]
""")
    crossing = {"code": "polygon_self_crossing", "detail": "Table 1: two of its sides cross."}
    server.answers |= {
        ("GET", "/v1/sites"): (200, {"items": [], "next_cursor": None}),
        ("POST", "/v1/layouts/check"): (422, crossing),
    }
    assert run("apply", "-f", str(path), *words) == Exit.REFUSED
    assert f"polygon_self_crossing: {path}:7: layout of camera 1 of Harbour" in capsys.readouterr().err
    assert [asked for asked, _, _ in server.seen] == ["GET", "POST"]


def test_a_file_with_faults_is_not_applied(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sites.yaml"
    path.write_text("sites:\n  - nam: Harbour\n")
    assert run("apply", "-f", str(path)) == Exit.USAGE
    assert f"{path}:2: a site: name is missing" in capsys.readouterr().err
    assert run("apply", "-f", str(tmp_path / "none.yaml")) == Exit.LOCAL_IO
    path.write_text(EXAMPLE.read_text())
    server.answers["GET", "/v1/sites"] = (200, {"items": [], "next_cursor": None})
    assert run("apply", "-f", str(path)) == Exit.USAGE
    assert "password_missing" in capsys.readouterr().err
    assert {asked for asked, _, _ in server.seen} == {"GET"}


def test_two_sites_of_one_name_have_to_be_told_apart() -> None:
    chain = Chain()
    chain.sites = [{"site_id": "site_1", "name": "A"}, {"site_id": "site_2", "name": "A"}]
    with pytest.raises(sites_plan.AmbiguousSite, match="called A"):
        apply(chain, "sites:\n  - name: A\n")
    apply(chain, "sites:\n  - {name: B, site_id: site_2}\n")
    assert [each["name"] for each in chain.sites] == ["A", "B"]
    with pytest.raises(sites_plan.AmbiguousSite, match="there is no site"):
        apply(chain, "sites:\n  - {name: B, site_id: site_9}\n")
    with pytest.raises(sites_plan.AmbiguousSite, match="has no section Bar"):
        apply(chain, "sites:\n  - name: C\n    cameras: [{number: 1, section: Bar}]\n")
