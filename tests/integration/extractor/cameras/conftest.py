"""A broker for processes of cameras: they read every camera of theirs, also those that tests of the api register."""

import os
from collections.abc import Iterator

import pytest
from tests.integration.conftest import shared_parts


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """In the place of the one that all tests share."""
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        yield given
        return
    with shared_parts(tmp_path_factory.mktemp("cameras"), os.environ) as addresses:
        yield addresses["kafka_bootstrap"]
