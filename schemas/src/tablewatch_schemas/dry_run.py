"""Reports of dry runs: what a classifier and the rules of the states make of pictures that nobody else hears of.

One object for each dry run, written anew with each picture that was looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Self

import msgspec
import orjson

from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.foreign import read_json
from tablewatch_schemas.judgement import Count, FrameJudgement, check
from tablewatch_schemas.times import write_time

SCHEMA_VERSION = 1
"""Raised when a reader of before would misunderstand the document; new fields alone do not raise it."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one object: MOST_LOOKS looks at 200 tables, each of which changes with every other look, take a quarter of it."""
MOST_LOOKS = 60
"""Of one dry run: some five seconds of a processor."""
Id = Annotated[str, msgspec.Meta(min_length=1)]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunReport:
    """What has come of a dry run up to its newest look. `newest` is the judgement of that picture; it is stored nowhere
    else, and its `judgement_key` is that of the report. By id of a table, `states` has the newest `table.state` that
    would have been published, and `rows` what the fold remembers, which is its own matter. `transitions` are those of
    these states that were none of `refresh`, oldest first, as far as they are shown. A table of which too little was
    seen has no state."""

    schema_version: int = SCHEMA_VERSION
    dry_run_id: Id
    looked: Count
    newest: FrameJudgement
    states: dict[str, Document] = field(default_factory=dict)
    transitions: tuple[Document, ...] = ()
    rows: dict[str, Document] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: bytes | str, key: str | None = None) -> Self:
        """From the object's bytes; unknown fields are ignored. `key`: where it was read.

        Raises ContractError (not_json, wrong_schema, unknown_version).
        """
        try:
            report = msgspec.convert(read_json(data, max_bytes=MOST_BYTES), cls)
            _check(report, key)
        except ContractError as error:
            raise ContractError(error.code, f"dry run: {error.reason}") from error
        except msgspec.ValidationError as error:
            raise ContractError("wrong_schema", f"dry run: {error}") from error
        return report

    def to_json(self) -> bytes:
        """The object's bytes; the same report gives the same bytes."""
        return orjson.dumps(self, default=write_time, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _check(report: DryRunReport, key: str | None) -> None:
    if report.schema_version != SCHEMA_VERSION:
        raise ContractError("unknown_version", f"version {report.schema_version}, this reads {SCHEMA_VERSION}")
    check(report.newest, key)
