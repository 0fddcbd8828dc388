"""Writes the tables of codes in docs/errors-and-retries.md from the code's own lists; `--check` only compares."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from api.problems import CODES
from chassis.deadletters import FuseOptions
from chassis.outcomes import ConsumeOptions
from classifier_gateway.settings import Settings as GatewaySettings
from extractor.files.failures import FAILURES, GAP_CODES
from extractor.files.patience import FIRST_S, LONGEST_S
from extractor.files.patience import PATIENCE_S as STORE_S
from extractor.files.segments import BACKOFF_MAX_S, BACKOFF_S, STORE_MAX_S
from extractor.settings import ExtractorSettings
from ingest.finish import AGAIN_S
from ingest.refusals import REFUSALS
from tablewatch_cli.upload import PATIENCE_S

PAGE = Path(__file__).with_name("errors-and-retries.md")


DEAD_LETTERS = {
    "not_json": "The value is not JSON. Whoever wrote the record is not one of ours, or is broken.",
    "wrong_schema": "A field is missing or has another type; the reason names it.",
    "unknown_version": "ce_type names a version that is not known here. Deploy the newer consumer, then replay.",
    "unknown_topic": "ce_type belongs to another topic.",
    "missing_header": "A CloudEvents header is missing.",
    "missing_key": "The event has no key.",
    "no_table": "Evidence that should name a table names none.",
    "no_value": "A tombstone where there can be none.",
    "not_a_command": "A tombstone on video.command.",
    "wrong_key": "The record's key is not the one of its value.",
    "wrong_sampling": "The sampling of an uploaded video makes no sense.",
    "unreadable_frame": "The stored picture, or its layout, cannot be read.",
    "retries_exhausted": "The handler failed in every attempt; the exception is in dlq-stack. Mend it, then replay.",
    "fold_failed": "A fold's step raised; the exception is in dlq-stack. Mend it, then replay.",
    "cannot_apply": "The database refuses what the projector makes of the record. Mend it, then replay.",
}
COMMAND_LINE = {
    "no_stack": "No running stack was found: make run, or set TABLEWATCH_URL and TABLEWATCH_KEY.",
    "no_kafka": "Kafka's address is not known: set KAFKA_BOOTSTRAP.",
    "api_unreachable": "The API cannot be reached.",
    "kafka_unreachable": "Kafka cannot be reached.",
    "upload_interrupted": "The upload service stayed away too long; the upload can be gone on with.",
    "unknown_topic": "There is no such topic: tablewatch topics --all.",
    "unknown_run": "No frame of that run is on the topics (any more).",
    "unknown_offset": "The dead-letter topic has no such offset (any more).",
    "not_dead_letters": "The topic is no dead-letter topic: tablewatch dlq list.",
    "no_origin": "The dead letter does not say where it came from and cannot be replayed.",
}


def retries() -> list[tuple[str, str, str]]:
    """Who tries what again, and how often; the figures are the code's."""
    one, fuse = ConsumeOptions(group="", topics=()), FuseOptions()
    extractor, gateway = _defaults(ExtractorSettings), _defaults(GatewaySettings)
    return [
        ("uploader (browser, CLI, any tus client)",
         "a broken connection, 408, 409, 423, 429, 5xx: ask with `HEAD` where the upload stands, go on from there",
         f"the CLI {PATIENCE_S:.0f} s, doubling from 0.5 to 8 s; the upload itself waits until `expires_at`"),
        ("ingest", "an upload whose process was killed between any two lines, or whose store or database is away",
         f"every {AGAIN_S:g} s until done"),
        ("extractor", "a segment whose worker died: claimed again when its lease ends, finished segments stay",
         f"lease {extractor['extractor_lease_s']:g} s; {extractor['extractor_attempts']} tries of a segment, "
         f"{BACKOFF_S:g} to {BACKOFF_MAX_S:g} s apart (at most {STORE_MAX_S:g} s for the store), then the job is "
         "`failed` with the last code"),
        ("extractor", "a store that is away, overloaded or full",
         f"each object in place, {FIRST_S:g} to {LONGEST_S:g} s apart for {STORE_S:g} s; then a try of the segment is "
         "used up"),
        ("every consumer", "a record whose handling failed: in place, its partition paused and polled on",
         f"{one.attempts} attempts, {one.backoff_s:g} to {one.backoff_max_s:g} s apart, then dead-lettered"),
        ("every consumer", "a record that can never work (not JSON, wrong schema, unknown version)",
         "never: dead-lettered at once"),
        ("every consumer", "an unreachable database or store",
         f"for ever, {one.backoff_s:g} to {one.busy_max_s:g} s apart: the record waits, lag shows"),
        ("every consumer", "its own dead letters, when they are too many",
         f"its fuse: {fuse.run} in a row, or {fuse.ratio:.0%} of the last {fuse.window}, stop it until a restart"),
        ("classifier-gateway", "a classifier that is away or slow",
         f"a live frame until {gateway['classifier_gateway_live_deadline_s']:g} s after its light, a run "
         f"{gateway['classifier_gateway_run_patience_s']:g} s; then evidence `unavailable`"),
        ("a fold", "a step that raised", "never: it is pure, and would raise again; dead-lettered at once"),
        ("projector", "a batch that the database refuses", "record by record; whichever is to blame is dead-lettered"),
        ("every producer", "the broker is away", "for ever, in order"),
        ("outbox", "an event that was committed and not sent", "for ever, in the order of its key"),
        ("you", "a job `failed` with `error.retryable: true`: `POST /v1/videos/{id}/retry` goes on from where it stood",
         f"as you like, within {extractor['extractor_retry_s'] / 3600:g} hours (`EXTRACTOR_RETRY_S`) where tables or "
         "hazards were asked for"),
    ]  # fmt: skip


def _defaults(settings: type[Any]) -> dict[str, Any]:
    return {name: field.default for name, field in settings.model_fields.items()}


def tables() -> dict[str, str]:
    """Marker name to Markdown table."""
    return {
        "retries": _plain(("who", "what", "how often"), retries()),
        "dead-letters": _table(("`dlq-reason-code`", "meaning"), DEAD_LETTERS.items()),
        "command-line": _table(("code", "meaning"), COMMAND_LINE.items()),
        "ingest-files": _table(
            ("code", "HTTP", "again?", "what to do"),
            ((r.code, str(r.status), _yes(r.retryable), r.sentence) for r in REFUSALS.values() if r.final),
        ),
        "ingest-requests": _table(
            ("code", "HTTP", "again?", "what to do"),
            ((r.code, str(r.status), _yes(r.retryable), r.sentence) for r in REFUSALS.values() if not r.final),
        ),
        "extraction": _table(
            ("code", "again?", "what to do"), ((f.code, _yes(f.retryable), f.reason) for f in FAILURES.values())
        ),
        "gaps": _table(("code", "meaning"), GAP_CODES.items()),
        "api": _table(("code", "HTTP", "meaning"), ((code, str(k.status), k.title) for code, k in CODES.items())),
    }


def rendered(page: str) -> str:
    """The page with every table between its markers made anew."""
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
