"""What docs/consumers.md says of a record, held against what is written."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "schemas").glob("*/examples/v1/*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_every_header_of_a_record_is_on_the_page(path: Path) -> None:
    page = (ROOT / "docs/consumers.md").read_text()
    assert [name for name in json.loads(path.read_text())["headers"] if f"`{name}`" not in page] == []
