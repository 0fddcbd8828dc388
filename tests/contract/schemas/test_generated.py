"""The generated files are current, a stale one is named, and AsyncAPI's own parser accepts the document."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from schemas import generate
from schemas.tools import readme, wheel
from schemas.tools.model import load
from tests.contract.schemas.contract_cases import ROOT

from tablewatch_schemas import TOPICS, dlq_name

PARSE = """
import { Parser } from '@asyncapi/parser'
import { readFileSync } from 'node:fs'
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], 'utf8'))
const found = diagnostics.filter((each) => each.severity <= 1)
console.log(JSON.stringify({
  version: document?.version(),
  channels: document?.channels().all().map((channel) => channel.address()),
  found: found.map((each) => `${each.path.join('.')}: ${each.message}`),
}))
"""


def test_everything_made_from_the_schemas_is_current() -> None:
    done = subprocess.run([sys.executable, "schemas/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_stale_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = tmp_path / "topics.yaml"
    edited.write_text("topics: []\n")
    missing = tmp_path / "events.ts"
    monkeypatch.setattr(generate, "outputs", lambda _: {edited: lambda: "topics: [1]\n", missing: lambda: ""})
    assert generate.stale([]) == [edited, missing]


def test_asyncapi_is_valid_by_its_own_parser(tmp_path: Path) -> None:
    assert (ROOT / "web/node_modules/@asyncapi").is_dir(), "run `make install`: npm packages are not installed"
    # A module is found from where the script stands.
    script = ROOT / "web/node_modules/.parse-asyncapi.mjs"
    script.write_text(PARSE)
    done = subprocess.run(
        ["node", str(script), str(ROOT / "schemas/asyncapi.yaml")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["found"] == []
    assert document["version"] == "3.0.0"
    assert sorted(document["channels"]) == sorted(TOPICS)


def test_broker_gets_every_topic_and_every_dead_letter_topic() -> None:
    entries = {each["name"]: each for each in yaml.safe_load((ROOT / "deploy/topics.yaml").read_text())["topics"]}
    letters = {dlq_name(topic.name, group) for topic in TOPICS.values() for group in topic.consumers}
    changelogs = {name for name in entries if name.endswith("-rows-changelog")}
    assert set(entries) == set(TOPICS) | letters | changelogs
    assert changelogs == {"classifier-gateway-fold-rows-changelog", "hazard-follow-rows-changelog"}
    assert {(entries[name]["partitions"], entries[name]["config"]["cleanup.policy"]) for name in changelogs} == {
        (None, "compact")
    }
    assert {entries[name]["partitions"] for name in letters} == {1}
    assert {entries[name]["partitions"] for name in TOPICS} == {None}
    for topic in TOPICS.values():
        assert entries[topic.name]["config"]["cleanup.policy"] == topic.cleanup
    assert not any("_" in name for name in TOPICS)


def test_readme_table_names_every_topic_once() -> None:
    table = readme.table(load())
    for topic in TOPICS:
        assert sum(line.startswith((f"| {topic} |", f"| **{topic}** |")) for line in table.splitlines()) == 1


def test_readme_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        readme.render([], "# tablewatch\n")


def test_pyproject_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        wheel.render([], "[project]\n")


def test_readme_keeps_what_stands_around_the_table() -> None:
    text = f"before\n{readme.OPEN}\nstale table\n{readme.CLOSE}\nafter\n"
    made = readme.render(load(), text)
    assert made.startswith("before\n") and made.endswith("\nafter\n") and "stale table" not in made


def test_wheel_ships_every_topic() -> None:
    """Each folder is named in the wheel's list, so that schemas and examples come with `pip install`."""
    listed = (ROOT / "schemas/pyproject.toml").read_text()
    assert all(f'"{topic}" = "tablewatch_schemas/contracts/{topic}"' in listed for topic in TOPICS)
