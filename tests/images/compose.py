"""docker-compose.yml as an engine would read it for one service."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.parent.name for path in REPO.glob("services/*/pyproject.toml"))
REQUIRED = re.compile(r"\$\{([A-Z0-9_]+):\?[^}]*\}")
DEFAULTED = re.compile(r"\$\{[A-Z0-9_]+:-([^}]*)\}")


def service(name: str) -> dict[str, Any]:
    """What the file says about one service, anchors and merges resolved."""
    document = yaml.safe_load((REPO / "docker-compose.yml").read_text())
    return dict(document["services"][name])


def make_secrets() -> dict[str, str]:
    """A value for each variable that the file asks for."""
    asked = set(REQUIRED.findall((REPO / "docker-compose.yml").read_text()))
    key = f"twk_{secrets.token_hex(4)}_{secrets.token_hex(24)}"
    return {name: key if name == "API_BOOTSTRAP_KEY" else secrets.token_hex(24) for name in asked}


def environment(document: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """The variables of a service, with the required ones filled in."""
    given = {name: REQUIRED.sub(lambda match: values[match[1]], str(text)) for name, text in document.items()}
    return {name: DEFAULTED.sub(r"\1", text) for name, text in given.items()}
