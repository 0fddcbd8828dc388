"""Kafka, Postgres and an extractor's own database for trials; nobody else has them, so that they can be stopped."""

from pathlib import Path

import pytest
from fakecamera.pictures import LoopedClip
from tests.integration.conftest import database_url, infrastructure, kafka_bootstrap
from tests.integration.extractor.conftest import (
    clip_folder,
    house,
    objects_dir,
    own_database,
    pool,
    producer,
    store,
)
from tests.unit.extractor import clips

__all__ = [
    "clip_folder",
    "database_url",
    "house",
    "infrastructure",
    "kafka_bootstrap",
    "objects_dir",
    "own_database",
    "pool",
    "producer",
    "store",
]


@pytest.fixture(scope="session")
def clip(clip_folder: Path) -> LoopedClip:
    """Small and slow enough for forty of them on two cores."""
    return LoopedClip(clips.make("cfr.mp4", clip_folder))
