"""The migrations of every service can be put in order: two branches that both took the next number do not meet first
in a fresh database."""

from pathlib import Path

import pytest

from chassis.database import MigrationError, read_migrations

SERVICES = Path(__file__).parents[3] / "services"


@pytest.mark.parametrize("directory", sorted(SERVICES.glob("*/migrations")), ids=lambda path: path.parent.name)
def test_numbers_are_given_once_and_without_a_gap(directory: Path) -> None:
    numbers = [migration.number for migration in read_migrations(directory)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_number_that_is_taken_is_told(tmp_path: Path) -> None:
    for name in ("0001_one.sql", "0002_two.sql", "0002_also.sql"):
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match="number 2 is taken"):
        read_migrations(tmp_path)
