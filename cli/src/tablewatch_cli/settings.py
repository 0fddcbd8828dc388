"""Where the stack is: from the environment, else from the run.json of `make run`. The only reader of either."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tablewatch_cli.errors import no_stack

VARIABLES: Mapping[str, str] = {
    "TABLEWATCH_URL": "Address of the API, e.g. http://127.0.0.1:8700",
    "TABLEWATCH_KEY": "API key (twk_...)",
    "TABLEWATCH_HOME": "Folder of a local stack, whose run.json is read (default .local)",
    "KAFKA_BOOTSTRAP": "Kafka's address, for `tail`, `topics`, `lag`, `dlq`, `why-stuck` and `check`",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One stack to talk to. Addresses are None where they are not known."""

    api_url: str
    key: str = field(repr=False)
    kafka_bootstrap: str | None = None
    ingest_url: str | None = None
    database_url: str | None = field(default=None, repr=False)
    ops_urls: Mapping[str, str] = field(default_factory=dict)


def load(environ: Mapping[str, str] | None = None) -> Target:
    """Find the stack.

    Raises:
        CliError: `no_stack` when neither the environment nor run.json names one.
    """
    env = os.environ if environ is None else environ
    home = env.get("TABLEWATCH_HOME") or ".local"
    run = _run_json(Path(home) / "run.json")
    api_url = env.get("TABLEWATCH_URL") or run.get("api_url")
    key = env.get("TABLEWATCH_KEY") or run.get("key")
    if not api_url or not key:
        raise no_stack(home)
    # run.json describes one stack: its other addresses are of no use for an API elsewhere
    local = run if api_url == run.get("api_url") else {}
    return Target(
        api_url=api_url.rstrip("/"),
        key=key,
        kafka_bootstrap=env.get("KAFKA_BOOTSTRAP") or local.get("kafka_bootstrap"),
        ingest_url=local.get("ingest_url"),
        database_url=local.get("database_url"),
        ops_urls=local.get("ops_urls") or {},
    )


def _run_json(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
