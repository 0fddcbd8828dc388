"""`suspended` of hazard.candidate: its description names each code that is written."""

import re
from pathlib import Path

import pytest

from hazard import candidate
from tablewatch_schemas.contracts import schema
from tablewatch_schemas.doubts import BLIND

INSPECT = Path("services/hazard/src/hazard/detect/inspect.py")
OF_A_FRAME = re.findall(r'candidate_event\(frame, [^"\n]*"(\w+)"', INSPECT.read_text())
OF_A_CAMERA = [f"camera_{status}" for status in sorted(BLIND)]
OF_NO_FRAME = [candidate.RUN_CANCELLED, candidate.RUN_DELETED, candidate.TICK]


def test_the_codes_of_a_frame_were_found() -> None:
    assert {"warming_up", "no_floor", "no_picture"} <= set(OF_A_FRAME)


@pytest.mark.parametrize("code", [*OF_A_FRAME, *OF_A_CAMERA, *OF_NO_FRAME])
def test_the_description_names_the_code(code: str) -> None:
    description = schema("hazard.candidate")["properties"]["suspended"]["description"]
    assert re.search(rf"\b{code}\b", description)
