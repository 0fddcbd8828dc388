"""Where the stack is: from the environment, else from the run.json of `make run`. No other module reads either."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tablewatch_cli.errors import BadSetting, NoStack

_KEY = re.compile(r"[!-~]+")
_SERVER = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

VARIABLES: Mapping[str, str] = {
    "TABLEWATCH_URL": "Address of the API, e.g. http://127.0.0.1:8700",
    "TABLEWATCH_KEY": "API key (twk_...)",
    "TABLEWATCH_HOME": "Folder of a local stack, whose run.json is read (default .local)",
    "TABLEWATCH_TRACEBACK": "Set to 1: a fault of tablewatch itself prints where it was",
    "TABLEWATCH_CAMERA_USER": "User name of a camera, for `cameras add` and `update`",
    "TABLEWATCH_CAMERA_PASSWORD": "Its password, for `cameras add`, `update` and `probe`",
    "KAFKA_BOOTSTRAP": "Kafka's address, for `tail`, `topics`, `lag`, `dlq`, `why-stuck` and `check`",
}


@dataclass(frozen=True, slots=True)
class Target:
    """The addresses of one stack; None where they are not known."""

    api_url: str
    key: str = field(repr=False)
    kafka_bootstrap: str | None = None
    ingest_url: str | None = None
    database_url: str | None = field(default=None, repr=False)
    ops_urls: Mapping[str, str] = field(default_factory=dict)


def load(environ: Mapping[str, str] | None = None) -> Target:
    """Find the stack.

    Raises:
        NoStack: when neither the environment nor run.json names one.
        BadSetting: when what they name cannot be an address or a key.
    """
    env = os.environ if environ is None else environ
    home = env.get("TABLEWATCH_HOME") or ".local"
    api_url, key = env.get("TABLEWATCH_URL"), env.get("TABLEWATCH_KEY")
    run = _run_json(Path(home) / "run.json", needed=not (api_url and key))
    api_url = api_url or run.get("api_url")
    key = key or run.get("key")
    if not api_url or not key:
        raise NoStack(f"{home}/run.json names no api_url or no key.")
    # run.json describes one stack: its other addresses are of no use for an API elsewhere
    local = run if api_url == run.get("api_url") else {}
    return Target(
        api_url=_address(api_url),
        key=_key(key),
        kafka_bootstrap=_bootstrap(env.get("KAFKA_BOOTSTRAP") or local.get("kafka_bootstrap")),
        ingest_url=local.get("ingest_url"),
        database_url=local.get("database_url"),
        ops_urls=local.get("ops_urls") or {},
    )


def _run_json(path: Path, *, needed: bool) -> dict[str, Any]:
    """What a local stack wrote. Raises NoStack when it is `needed` and cannot be read."""
    try:
        loaded = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        reason = f"{path} does not exist."
        cause: Exception = error
    except (OSError, ValueError, RecursionError) as error:
        reason, cause = f"{path} cannot be read: {error}", error
    else:
        if isinstance(loaded, dict):
            return {name: value for name, value in loaded.items() if _is_address(name, value)}
        reason, cause = f"{path} is no JSON object.", ValueError(path)
    if needed:
        raise NoStack(reason) from cause
    return {}


def _is_address(name: str, value: object) -> bool:
    """Whether a field of run.json has the type that it has when the stack wrote it."""
    if name == "ops_urls":
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    return isinstance(value, str)


def _address(text: str) -> str:
    """The API's address without a slash at its end. Raises BadSetting."""
    text = text.strip()
    wrong = BadSetting("TABLEWATCH_URL is no address of the API: it is written as http://127.0.0.1:8700.")
    try:
        parts = urlsplit(text)
        port = parts.port
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL) as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise wrong
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadSetting(
            "TABLEWATCH_URL holds a user, a query or a fragment: it takes none; the key is TABLEWATCH_KEY."
        )
    return text.rstrip("/")


def _key(text: str) -> str:
    """A key as a header can carry it. The error does not repeat it: it is a credential. Raises BadSetting."""
    text = text.strip()
    if not _KEY.fullmatch(text):
        raise BadSetting(
            "TABLEWATCH_KEY is no key: it holds what no key does (a space, a control character, or no ASCII)."
        )
    return text


def _bootstrap(text: str | None) -> str | None:
    """Kafka's address: `host:port`, or several with commas. Raises BadSetting."""
    if text is None:
        return None
    servers = [each.strip() for each in text.split(",")]
    if not all(_SERVER.fullmatch(each) and _is_port(each) for each in servers):
        raise BadSetting("KAFKA_BOOTSTRAP is no address of Kafka: it is written as host:port, several with commas.")
    return ",".join(servers)


def _is_port(server: str) -> bool:
    port = server.rpartition("]")[2].partition(":")[2]
    return not port or 0 < int(port) < 65536
