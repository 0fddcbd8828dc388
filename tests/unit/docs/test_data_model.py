"""docs/data-model.md: current, and its reading of SQL."""

from pathlib import Path

import pytest
from docs.generate_data_model import PAGE, models, read, rendered, statements

SQL = """-- About the file.

-- What it is; for
-- a reader.
CREATE TABLE things (
    thing_id text PRIMARY KEY, -- its name; and, a comma
    price    numeric(10, 2) NOT NULL DEFAULT 1.5,
    kind     text NOT NULL CHECK (kind IN ('a;b', 'c')),
    owner    text REFERENCES owners ON DELETE CASCADE, -- last
    UNIQUE (kind, owner)
);
CREATE UNIQUE INDEX things_by_kind ON things (kind) WHERE kind <> 'c';
COMMENT ON COLUMN things.kind IS 'It''s a kind.';
INSERT INTO things VALUES ('x', 1, 'c', NULL);
"""


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == rendered(), "run python docs/generate_data_model.py"


def test_every_service_with_migrations_is_in_it() -> None:
    folders = {path.parent.parent.name for path in Path("services").glob("*/migrations/*.sql")}
    assert set(models()) == folders


def test_reading_a_migration(tmp_path: Path) -> None:
    (tmp_path / "0001_things.sql").write_text(SQL)
    (tmp_path / "0002_more.sql").write_text(
        "ALTER TABLE things ADD COLUMN size integer NOT NULL DEFAULT 0; -- grams\nALTER TABLE things DROP COLUMN owner;"
    )
    (table,) = read(tmp_path).values()
    assert table.comment == "What it is; for a reader."
    assert list(table.columns) == ["thing_id", "price", "kind", "size"]
    assert [column.nullable for column in table.columns.values()] == [False, False, False, False]
    assert table.columns["price"].type == "numeric(10, 2)"
    assert table.columns["thing_id"].comment == "its name; and, a comma"
    assert table.columns["kind"].comment == "It's a kind."
    assert table.key == ("thing_id",)
    assert table.indexes == ["unique (kind, owner)", "unique (kind) WHERE kind <> 'c'"]


def test_comments_and_quotes_hide_marks() -> None:
    assert [text for _, text in statements("-- one; two\nSELECT ';';\nSELECT 2 -- three;\n;")] == [
        "SELECT ';'",
        "SELECT 2 -- three;",
    ]


def test_a_statement_that_nobody_taught_it_is_not_left_out_in_silence(tmp_path: Path) -> None:
    (tmp_path / "0001_view.sql").write_text("CREATE VIEW v AS SELECT 1;")
    with pytest.raises(ValueError, match="cannot read"):
        read(tmp_path)
