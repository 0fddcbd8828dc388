"""docs/dialects.md has what the fake camera speaks, and nothing else."""

import re
from pathlib import Path

from fakecamera.dialects import DIALECTS

PAGE = Path(__file__).parents[3] / "docs/dialects.md"
OF_TWO = {"`-501`": "get-parameter-501"}


def test_the_table_has_each_dialect() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    names = [OF_TWO.get(each, each.strip("`")) for row in rows for each in re.findall("`[^`]+`", row)]
    assert sorted(names) == sorted(DIALECTS)
