"""The migrations of every service can be put in order: two branches that both took the next number do not meet first
in a fresh database."""

import re
from pathlib import Path

import pytest

from chassis.migrations import Migration, MigrationError, pending, read_migrations

SERVICES = Path(__file__).parents[3] / "services"


@pytest.mark.parametrize("directory", sorted(SERVICES.glob("*/migrations")), ids=lambda path: path.parent.name)
def test_numbers_are_given_once_and_without_a_gap(directory: Path) -> None:
    numbers = [migration.number for migration in read_migrations(directory)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("directory", sorted(SERVICES.glob("*/migrations")), ids=lambda path: path.parent.name)
def test_a_before_part_removes_and_renames_nothing_that_old_code_reads(directory: Path) -> None:
    for migration in read_migrations(directory):
        statements = re.sub(r"--.*", "", migration.sql)
        removed = re.findall(r"(?i)\b(?:drop\s+(?:table|column)|rename)\b[^;]*", statements)
        assert migration.after or not removed, migration.name


def test_a_number_that_is_taken_is_told(tmp_path: Path) -> None:
    for name in ("0001_one.sql", "0002_two.sql", "0002_also.sql"):
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match="number 2 is taken"):
        read_migrations(tmp_path)


def _migrations(folder: Path, *names: str) -> list[Migration]:
    for name in names:
        (folder / name).write_text("SELECT 1")
    return read_migrations(folder)


def test_a_rolling_deploy_leaves_the_after_parts(tmp_path: Path) -> None:
    files = _migrations(tmp_path, "0001_one.sql", "0002_two.sql", "0003_two_after.sql", "0004_three.sql")
    applied = {1: files[0].sha256}
    assert [file.number for file in pending(files, applied, "before")] == [2, 4]
    assert [file.number for file in pending(files, applied)] == [2, 3, 4]


def test_after_parts_left_by_a_rolling_deploy_are_applied_later(tmp_path: Path) -> None:
    files = _migrations(tmp_path, "0001_one.sql", "0002_one_after.sql", "0003_two.sql")
    applied = {file.number: file.sha256 for file in files if not file.after}
    assert [file.number for file in pending(files, applied)] == [2]


def test_a_file_edited_after_it_was_applied_is_refused_whatever_its_part(tmp_path: Path) -> None:
    files = _migrations(tmp_path, "0001_one_after.sql")
    with pytest.raises(MigrationError, match="changed after"):
        pending(files, {1: "another digest"}, "before")
