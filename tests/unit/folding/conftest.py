"""The stage of the tests of folding."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.folding.stage import Stage


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(monkeypatch, tmp_path)
    yield made
    made.writing.cancel()
