"""The codes of why a table is unknown stand in one list, and in the schema of table.state."""

import json
from pathlib import Path
from typing import get_args

from inference.seating import Doubt
from inference.verdicts import ZONE_TOO_SMALL
from tablewatch_schemas.doubts import DOUBTS, LOOKS, UNKNOWN_REASONS

SCHEMA = Path(__file__).resolve().parents[3] / "schemas/table.state/v1.schema.json"


def test_the_schema_lists_every_code_and_no_other():
    properties = json.loads(SCHEMA.read_text())["properties"]
    assert set(properties["unknown_reason"]["enum"]) == {*UNKNOWN_REASONS, None}
    written = {"evidence", "refresh", "stale", "camera", "signal", "ended"}
    assert set(properties["reason"]["enum"]) == written | DOUBTS


def test_every_doubt_of_the_recogniser_is_listed():
    assert {*get_args(Doubt), ZONE_TOO_SMALL} <= set(LOOKS)
