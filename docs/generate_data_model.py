"""Writes docs/data-model.md from the migrations of all services: `python docs/generate_data_model.py [--check]`.

Reads the SQL itself, so that it needs no database; an integration test holds what it read against a real Postgres. A
statement that it does not know is an error, so that nothing is left out in silence.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "data-model.md"
HEAD = """<!-- Made by docs/generate_data_model.py from services/*/migrations; do not edit. -->
# Data model

Postgres holds the work inside one service; between services there are only topics and object keys. Every service has a
schema of its own and reads nobody else's. cropper, classifier-gateway and hazard have no tables here: the folds of the
latter two keep their state in Faust tables, whose changelogs are compacted topics.
"""

_CREATE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (\w+) \((.*)\)", re.DOTALL)
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX (\w+) ON (\w+) (.*)", re.DOTALL)
_COMMENT = re.compile(r"COMMENT ON (TABLE|COLUMN) ([\w.]+) IS '(.*)'", re.DOTALL)
_ADD = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (.*)", re.DOTALL)
_REQUIRE = re.compile(r"ALTER TABLE (\w+) ALTER COLUMN (\w+) SET NOT NULL")
_POLICY = re.compile(r"CREATE POLICY \w+ ON (\w+) USING \((.*)\)")
_DROP = re.compile(r"ALTER TABLE (\w+) DROP COLUMN (\w+)")
_COLUMN = re.compile(
    r"(\w+)\s+(.+?)(?=\s+(?:NOT NULL|NULL|DEFAULT|PRIMARY KEY|REFERENCES|CHECK|UNIQUE|GENERATED)\b|$)(.*)", re.DOTALL
)
_ENABLES = "ENABLE ROW LEVEL SECURITY"
_NO_COLUMNS = ("INSERT", "UPDATE", "DELETE", "CREATE FUNCTION", "CREATE TRIGGER", "DROP FUNCTION", "DROP TRIGGER")
_CONSTRAINTS = ("PRIMARY KEY", "UNIQUE", "FOREIGN KEY", "CHECK", "CONSTRAINT")


@dataclass
class Column:
    """A column as Postgres will have it."""

    name: str
    type: str
    rest: str
    comment: str

    @property
    def nullable(self) -> bool:
        constraints = re.sub(r"GENERATED ALWAYS AS \(.*\)", "", self.rest, flags=re.DOTALL)  # may speak of NOT NULL
        return not any(words in constraints for words in ("NOT NULL", "PRIMARY KEY", "AS IDENTITY"))

    @property
    def reference(self) -> str:
        match = re.search(r"REFERENCES (\w+)", self.rest)
        return f"→ {match[1]}" if match else ""


@dataclass
class Table:
    """A table, its keys and indexes."""

    name: str
    comment: str
    columns: dict[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    indexes: list[str] = field(default_factory=list)
    wall: str = ""


def read(folder: Path) -> dict[str, Table]:
    """Tables by name, after all migrations of a folder in order. Raises ValueError on a statement it does not know."""
    tables: dict[str, Table] = {}
    for path in sorted(folder.glob("*.sql")):
        for comment, statement in statements(path.read_text()):
            _apply(tables, comment, statement)
    return tables


def statements(sql: str) -> Iterator[tuple[str, str]]:
    """(the comment above it, the statement) for each."""
    for text in _split(sql, ";"):
        comments, lines = [], text.strip().splitlines()
        while lines and (lines[0].startswith("--") or not lines[0].strip()):
            comments.append(lines.pop(0).removeprefix("--").strip())
        if lines:
            about = " ".join(comments).rpartition("  ")[2]  # a blank line parts the file's own comment from it
            yield about.strip(), "\n".join(lines).strip()


def _apply(tables: dict[str, Table], comment: str, statement: str) -> None:
    plain = " ".join(re.sub(r"--[^\n]*", "", statement).split())
    if match := _CREATE.fullmatch(statement):
        tables[match[1]] = _table(match[1], comment, match[2])
    elif match := _INDEX.fullmatch(plain):
        tables[match[3]].indexes.append(("unique " if match[1] else "") + match[4])
    elif match := _COMMENT.fullmatch(statement):
        _describe(tables, match[2], match[3].replace("''", "'"))
    elif match := _ADD.fullmatch(statement):
        column = _column(match[2])
        tables[match[1]].columns[column.name] = column
    elif match := _DROP.fullmatch(plain):
        del tables[match[1]].columns[match[2]]
    elif match := _REQUIRE.fullmatch(plain):
        tables[match[1]].columns[match[2]].rest += " NOT NULL"
    elif match := _POLICY.fullmatch(plain):
        tables[match[1]].wall = match[2]
    elif not (plain.startswith(_NO_COLUMNS) or plain.endswith(_ENABLES)):
        raise ValueError(f"a statement that the data model cannot read: {plain[:80]}")


def _describe(tables: dict[str, Table], name: str, comment: str) -> None:
    table, _, column = name.partition(".")
    if column:
        tables[table].columns[column].comment = comment
    else:
        tables[table].comment = comment


def _table(name: str, comment: str, body: str) -> Table:
    table = Table(name, comment)
    for part in _definitions(body):
        plain = " ".join(re.sub(r"--[^\n]*", "", part).split())
        if plain.startswith(_CONSTRAINTS):
            _constrain(table, plain)
            continue
        column = _column(part)
        table.columns[column.name] = column
        if "PRIMARY KEY" in column.rest:
            table.key = (column.name,)
        elif "UNIQUE" in column.rest:
            table.indexes.append(f"unique ({column.name})")
    return table


def _constrain(table: Table, plain: str) -> None:
    match = re.match(r"(PRIMARY KEY|UNIQUE) \(([^)]*)\)", plain)
    if match is None:
        return
    if match[1] == "UNIQUE":
        table.indexes.append(f"unique ({match[2]})")
        return
    table.key = tuple(name.strip() for name in match[2].split(","))
    for name in table.key:
        table.columns[name].rest += " PRIMARY KEY"


def _column(part: str) -> Column:
    comment = " ".join(found.strip() for found in re.findall(r"--([^\n]*)", part))
    plain = " ".join(re.sub(r"--[^\n]*", "", part).split())
    match = _COLUMN.fullmatch(plain)
    if match is None:
        raise ValueError(f"a column that the data model cannot read: {plain}")
    return Column(match[1], match[2], match[3], comment)


def _definitions(body: str) -> list[str]:
    """Parts between commas; a comment behind the comma on its line goes with the part before it."""
    found: list[str] = []
    for part in _split(body, ","):
        first, _, rest = part.partition("\n")
        if found and first.strip().startswith("--"):
            found[-1] += f" {first.strip()}\n"
            part = rest
        if part.strip():
            found.append(part)
    return found


def _split(text: str, mark: str) -> list[str]:
    """Parts of SQL between marks that stand outside of quotes, function bodies, comments and brackets."""
    parts, start, depth, at = [], 0, 0, 0
    while at < len(text):
        if text.startswith("--", at):
            at = (text.find("\n", at) + 1 or len(text)) - 1
        elif text.startswith("$$", at):
            at = text.index("$$", at + 2) + 1
        elif text[at] == "'":
            at = text.index("'", at + 1)
        elif text[at] in "()":
            depth += 1 if text[at] == "(" else -1
        elif text[at] == mark and depth == 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def models() -> dict[str, dict[str, Table]]:
    """Tables of every service that has migrations."""
    folders = sorted(ROOT.glob("services/*/migrations"))
    return {folder.parent.name: read(folder) for folder in folders if any(folder.glob("*.sql"))}


def rendered() -> str:
    """The whole page."""
    parts = [HEAD]
    for service, tables in models().items():
        parts.append(f"\n## {service}\n\nSchema `{service}`, from `services/{service}/migrations`.\n")
        parts += [_render(table) for _, table in sorted(tables.items())]
    return "".join(parts)


def _render(table: Table) -> str:
    rows = "".join(
        f"| `{c.name}` | {c.type} | {'yes' if c.nullable else ''} "
        f"| {' '.join(filter(None, (c.comment, c.reference)))} |\n"
        for c in table.columns.values()
    )
    foot = [f"Key: {', '.join(f'`{name}`' for name in table.key)}."] if table.key else []
    foot += [f"Indexes: {'; '.join(f'`{index}`' for index in table.indexes)}."] if table.indexes else []
    foot += [f"Row security: `{table.wall}`."] if table.wall else []
    comment = f"{table.comment}\n\n" if table.comment else ""
    return (
        f"\n### {table.name}\n\n{comment}"
        f"| column | type | null | |\n| --- | --- | --- | --- |\n{rows}\n{' '.join(foot)}\n"
    )


def main() -> None:
    """Write the page, or with --check exit 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check, page = parser.parse_args().check, rendered()
    if not check:
        PAGE.write_text(page)
    elif not PAGE.exists() or PAGE.read_text() != page:
        sys.exit(f"{PAGE.name} is not current: run python docs/generate_data_model.py")


if __name__ == "__main__":
    main()
