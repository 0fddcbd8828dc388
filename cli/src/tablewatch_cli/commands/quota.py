"""`quota`: what a site stores, what it may store, and setting that."""

from __future__ import annotations

import re
from typing import Any

import click

from tablewatch_cli import output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load
from tablewatch_schemas.foreign import MAX_NUMBER

_SIZE = re.compile(r"(\d{1,15})(?:\.(\d{1,3}))?\s*([kmgtp]?)(i?)b?", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
COLUMNS = ("kind", "stored", "reserved", "limit", "used")
DEFAULT = "default"


class Size(click.ParamType):
    """`500G` (10^9 bytes each), `500GiB` (2^30), or bytes; `default` is None."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """See click.ParamType."""
        if value is None or value == DEFAULT:
            return None
        found = _SIZE.fullmatch(str(value).strip())
        if found is None:
            self.fail("is no size: 500G, 500GiB, a number of bytes, or default", param, ctx)
        whole, part, power, binary = found.groups()
        unit: int = (1024 if binary else 1000) ** _POWERS[power.lower()]
        size = int(whole) * unit + int((part or "0").ljust(3, "0")) * unit // 1000
        if size > MAX_NUMBER:
            self.fail("is more than any disk holds", param, ctx)
        return size


@click.group("quota")
def quota_group() -> None:
    """What sites store and may store."""


@quota_group.command("show")
@click.argument("site", type=Id(), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def show_command(site: str | None, as_json: bool) -> None:
    """Stored, reserved and allowed bytes of SITE, or of every site that the key opens."""
    with Api(load()) as api:
        sites = [site] if site else [each["site_id"] for each in api.pages("/v1/sites")]
        found = [api.get(f"/v1/sites/{each}/usage") for each in sites]
    if as_json:
        output.as_json(found)
        return
    output.table([row for each in found for row in rows(each)], ("site_id", *COLUMNS), "no sites")


@quota_group.command("set")
@click.argument("site", type=Id())
@click.option("--originals", type=Size(), required=True, help="Most bytes of original videos.")
@click.option("--pictures", type=Size(), required=True, help="Most bytes of frames and crops.")
@click.option("--json", "as_json", is_flag=True, help="Print the usage as JSON.")
def set_command(site: str, originals: int | None, pictures: int | None, as_json: bool) -> None:
    """Set both limits of SITE, with a key that opens all sites. Nothing that is stored is deleted.

    A size is 500G, 500GiB or a number of bytes; default is what the installation gives every site.
    """
    with Api(load()) as api:
        usage = api.put(f"/v1/sites/{site}/quota", {"original_bytes": originals, "picture_bytes": pictures})
    if as_json:
        output.as_json(usage)
        return
    output.table(rows(usage), COLUMNS, "")


def rows(usage: Document) -> list[Document]:
    """A line for each kind that has a limit, sizes for a person."""
    return [
        {
            "site_id": usage["site_id"],
            "kind": kind,
            "stored": size_text(usage[kind]["used_bytes"]),
            "reserved": size_text(usage[kind]["reserved_bytes"]),
            "limit": size_text(usage[kind]["limit_bytes"]),
            "used": _share(usage[kind]),
        }
        for kind in ("originals", "pictures")
    ]


def size_text(size: int) -> str:
    """In the unit that leaves less than a thousand."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} PB"


def _share(kind: Document) -> str:
    taken, limit = kind["used_bytes"] + kind["reserved_bytes"], kind["limit_bytes"]
    return "-" if not limit else f"{100 * taken / limit:.0f} %"
