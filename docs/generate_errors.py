"""Writes the tables of docs/errors-and-retries.md from the error classes and settings; `--check` only compares."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from api.http.problems import codes, status_of
from api.model.layout_sources import CHANGED, UNCHANGED, LayoutSourceFault
from api.model.layout_sources import FIRST_RETRY_S as LAYOUT_FIRST_S
from chassis.deadletters import FuseOptions
from chassis.outcomes import ConsumeOptions
from classifier_gateway.settings import Settings as GatewaySettings
from dependencies.errors import DependencyError
from extractor.files.rows.segments import BACKOFF, STORAGE_BACKOFF
from extractor.files.storage_retry import BACKOFF as OBJECT_BACKOFF
from extractor.files.storage_retry import RETRY_FOR_S as STORE_S
from extractor.model.failures import FAILURES, GAP_CODES
from extractor.settings import ExtractorSettings
from ingest.refusals import REFUSALS
from ingest.upload.finish import RETRY_MOST_S, RETRY_S
from tablewatch_cli.errors import EXITS, LocalError
from tablewatch_cli.upload import RETRY_FOR_S
from tablewatch_schemas.doubts import UNKNOWN_REASONS
from webserver.rejections import REJECTIONS

PAGE = Path(__file__).with_name("errors-and-retries.md")


DEAD_LETTERS = {
    "not_json": "The value is not JSON: written by a producer that is not ours, or is faulty.",
    "wrong_schema": "A field is missing or has another type; the reason names it.",
    "unknown_version": "ce_type has a version that this consumer does not know. Deploy a newer one, then replay.",
    "unknown_topic": "ce_type belongs to another topic.",
    "missing_header": "A CloudEvents header is missing.",
    "missing_key": "The event has no key.",
    "no_dry_run": "A command for a dry run without its id or its layout.",
    "no_table": "Evidence without a table, of a kind that needs one.",
    "no_value": "A tombstone on a topic that has none.",
    "not_a_command": "A tombstone on video.command.",
    "wrong_key": "The record's key does not match its value.",
    "wrong_sampling": "The sampling of an uploaded video is not valid.",
    "unreadable_frame": "The stored picture, or its layout, cannot be read.",
    "retries_exhausted": "Every attempt failed; the exception is in dlq-stack. Fix the cause, then replay.",
    "fold_failed": "A fold's step raised; the exception is in dlq-stack. Fix the cause, then replay.",
    "cannot_apply": "The database refuses the projector's rows of the record. Fix the cause, then replay.",
}
COMMAND_LINE = {error.code: error.sentence for error in LocalError.__subclasses__()}


def retries() -> list[tuple[str, str, str]]:
    """(who, what, how often) of every retry; the figures are taken from the code."""
    one, fuse = ConsumeOptions(group="", topics=()), FuseOptions()
    extractor, gateway = _defaults(ExtractorSettings), _defaults(GatewaySettings)
    return [
        ("uploader (browser, CLI, any tus client)",
         "a lost connection, 408, 409, 423, 429, 5xx: get the offset with `HEAD` and resume there",
         f"the CLI {RETRY_FOR_S:.0f} s, doubling from 0.5 to 8 s; the upload itself waits until `expires_at`"),
        ("ingest", "an upload whose process was killed at any point, or whose store or database is down or full",
         f"{RETRY_S:g} to {RETRY_MOST_S:g} s apart until done"),
        ("extractor", "a segment whose worker died: claimed again when its lease ends, finished segments stay",
         f"lease {extractor['extractor_lease_s']:g} s; {extractor['extractor_attempts']} attempts at a segment, "
         f"{BACKOFF.first_s:g} to {BACKOFF.max_s:g} s apart (at most {STORAGE_BACKOFF.max_s:g} s for the store), then "
         "the job is `failed` with the last code"),
        ("extractor", "a store that is down, overloaded or full",
         f"each object, {OBJECT_BACKOFF.first_s:g} to {OBJECT_BACKOFF.max_s:g} s apart for {STORE_S:g} s; "
         "then the attempt at the segment has failed"),
        ("every consumer", "a record whose processing failed: its partition is paused, polling goes on",
         f"{one.attempts} attempts, {one.backoff_s:g} to {one.backoff_max_s:g} s apart, then dead-lettered"),
        ("every consumer", "a record that is invalid (not JSON, wrong schema, unknown version)",
         "never: dead-lettered at once"),
        ("every consumer", "an unreachable database or store",
         f"for ever, {one.backoff_s:g} to {one.busy_max_s:g} s apart: the record waits, lag rises"),
        ("every consumer", "its own dead letters, when they are too many",
         f"its fuse, for each producer on each topic: after {fuse.consecutive} in a row, or {fuse.ratio:.0%} of the "
         f"last {fuse.window}, the failing partition waits {fuse.wait.first_s:g} to {fuse.wait.max_s:g} s "
         "between tries"),
        ("classifier-gateway", "a classifier that is down or slow",
         f"a live frame until {gateway['classifier_gateway_live_deadline_s']:g} s after its capture, a run "
         f"{gateway['classifier_gateway_run_patience_s']:g} s; then evidence `unavailable`"),
        ("a fold", "a step that raised", "never: it is pure, and would raise again; dead-lettered at once"),
        ("projector", "a batch that the database refuses", "record by record; the one at fault is dead-lettered"),
        ("every producer", "the broker is down", "for ever, in order"),
        ("outbox", "an event that was committed and not sent", "for ever, in the order of its key"),
        ("api", "an external cropper that brings no layout",
         f"for ever, from {LAYOUT_FIRST_S:g} s on, doubling up to an hour or `every_s`"),
        ("you", "a job `failed` with `error.retryable: true`: `POST /v1/videos/{id}/retry` continues where it stopped",
         f"as you like, within {extractor['extractor_retry_s'] / 3600:g} hours (`EXTRACTOR_RETRY_S`) if the run has "
         "tables or hazards"),
    ]  # fmt: skip


def _defaults(settings: type[Any]) -> dict[str, Any]:
    return {name: field.default for name, field in settings.model_fields.items()}


def problems() -> list[tuple[str, str, str, str, str]]:
    """(code, status, retryable, by whom, sentence) of every problem document. Raises SystemExit where two disagree."""
    every = [
        *((error.code, status_of(error), error.retryable, "api", error.sentence) for error in codes()),
        *((each.code, each.status, each.retryable, _by(each.final), each.sentence) for each in REFUSALS.values()),
        *((each.code, each.status, each.retryable, "api, ingest", each.sentence) for each in REJECTIONS),
    ]
    rows: dict[str, tuple[str, str, str, str, str]] = {}
    for code, status, retryable, who, sentence in every:
        before = rows.get(code, (code, str(status), _yes(retryable), who, sentence))
        if before[1:3] != (str(status), _yes(retryable)):
            raise SystemExit(f"{code} has another status or is retryable only in {who}: one code means one thing")
        both = who if who == before[3] else f"{before[3]}, {who}"
        text = sentence if sentence == before[4] else f"{before[3]}: {before[4].rstrip('.')}. {who}: {sentence}"
        rows[code] = (code, str(status), _yes(retryable), both, text)
    return sorted(rows.values(), key=lambda row: (int(row[1]), row[0]))


def _by(final: bool) -> str:
    return "ingest (file)" if final else "ingest"


def tables() -> dict[str, str]:
    """Marker name to Markdown table."""
    return {
        "retries": _plain(("who", "what", "how often"), retries()),
        "unknown": _table(("`unknown_reason`", "what it means"), UNKNOWN_REASONS.items()),
        "dead-letters": _table(("`dlq-reason-code`", "meaning"), DEAD_LETTERS.items()),
        "exit-codes": _table(("exit code", "meaning"), ((str(int(code)), meaning) for code, meaning in EXITS.items())),
        "command-line": _table(("code", "meaning"), COMMAND_LINE.items()),
        "problems": _table(("code", "HTTP", "retryable", "by", "what is wrong, or what to do"), problems()),
        "dependencies": _table(
            ("code", "dependency", "what to do"), ((e.code, e.name, e.sentence) for e in DependencyError.each())
        ),
        "extraction": _table(
            ("code", "retryable", "what to do"), ((f.code, _yes(f.retryable), f.sentence) for f in FAILURES.values())
        ),
        "layout-sources": _table(
            ("code", "meaning"),
            [
                (CHANGED, "A version was made."),
                (UNCHANGED, "The cropper's layout is the one that was taken last."),
                *((each.code, each.sentence) for each in LayoutSourceFault.each()),
            ],
        ),
        "gaps": _table(("code", "meaning"), GAP_CODES.items()),
    }


def rendered(page: str) -> str:
    """The page with new tables between the markers."""
    for name, table in tables().items():
        head, found, rest = page.partition(f"<!-- {name} -->\n")
        _, closed, tail = rest.partition(f"<!-- /{name} -->")
        if not (found and closed):
            raise SystemExit(f"{PAGE.name}: the markers of {name} are missing")
        page = f"{head}{found}{table}{closed}{tail}"
    return page


def _plain(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in [head, ("---",) * len(head), *rows])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *((f"`{row[0]}`", *row[1:]) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _yes(retryable: bool) -> str:
    return "yes" if retryable else "no"


def main() -> None:
    """Write the page, or with --check exit 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    page = PAGE.read_text()
    wanted = rendered(page)
    if check and wanted != page:
        sys.exit("docs/errors-and-retries.md is stale: python docs/generate_errors.py")
    if not check:
        PAGE.write_text(wanted)


if __name__ == "__main__":
    main()
