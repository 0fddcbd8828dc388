"""The real models for tests, in MODELS_DIR or .local/models; it is set up where it is missing."""

import os
from pathlib import Path

import pytest

from inference.models.setup import ensure
from inference.models.source import SOURCES

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A directory with the converted models. Raises SetupError where it cannot be set up: these tests never skip."""
    folder = Path(os.environ.get("MODELS_DIR") or ROOT / ".local" / "models")
    for source in SOURCES:
        ensure(folder, print, source=source)
    return folder
