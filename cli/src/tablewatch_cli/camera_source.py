"""The source of a camera, from what the command line names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from tablewatch_cli import probes
from tablewatch_cli.client import Document
from tablewatch_cli.login import Login

FIELDS = ("type", "address", "secret_ref", "transport")
"""Of a source as the API answers it; sent back together they change nothing."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is to be of the source; None stays as it is. `forget` takes user name and password out."""

    address: str | None = None
    kind: str | None = None
    transport: str | None = None
    login: Login | None = None
    forget: bool = False

    @property
    def nothing(self) -> bool:
        """Whether the source stays as it is."""
        return self == Given()


def new(given: Given) -> Document:
    """The source of a camera that is made; of type none without an address. Raises click.UsageError."""
    if given.address is None:
        if given.login or given.transport or given.kind not in (None, "none"):
            raise click.UsageError("Without an ADDRESS a camera takes uploaded videos only: give one.")
        return {"type": "none"}
    made = {"type": given.kind or probes.kind_of(given.address), "address": given.address, "transport": given.transport}
    return {name: value for name, value in made.items() if value is not None} | _of(given.login)


def changed(current: Mapping[str, Any], given: Given) -> Document:
    """The source of a camera that is changed. Raises click.UsageError.

    A sealed password is for one address: for another one it has to be entered again.
    """
    source = {name: current.get(name) for name in FIELDS}
    if given.kind == "none":
        return {"type": "none"}
    moved = given.address is not None and given.address != source["address"]
    if moved and source["secret_ref"] and not (given.login or given.forget):
        raise click.UsageError("Its password is kept for its address alone: give it again (--user), or --no-login.")
    if given.address is not None:
        kind = probes.kind_of(given.address)
        source |= {"address": given.address, "type": kind, "transport": source["transport"] if kind == "rtsp" else None}
    source |= {"type": given.kind or source["type"], "transport": given.transport or source["transport"]}
    if given.forget or given.login:
        source["secret_ref"] = None
    return {name: value for name, value in source.items() if value is not None} | _of(given.login)


def _of(login: Login | None) -> Document:
    return {} if login is None else {"user": login.user, "password": login.password}
