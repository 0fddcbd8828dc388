"""Names of the detectors that may be chosen: those that are shipped, and those of the site's own file."""

import tomllib
from collections.abc import Collection

from api.model.errors import DetectorUnknown
from tablewatch_schemas.defaults import DETECTORS

USE = "use"
"""The one table of the file that is no detector: it says who gets which."""


def names(entries: str | None) -> frozenset[str]:
    """Those that may be chosen, of the text of detectors.toml; of a text that cannot be read the shipped ones."""
    try:
        document = {} if entries is None else tomllib.loads(entries)
    except tomllib.TOMLDecodeError:
        document = {}
    return frozenset(DETECTORS) | {name for name, entry in document.items() if name != USE and isinstance(entry, dict)}


def check(name: str | None, known: Collection[str]) -> None:
    """Raises DetectorUnknown."""
    if name is not None and name not in known:
        raise DetectorUnknown(
            f"There is no detector {name!r}; there is: {', '.join(sorted(known))}.", pointer="/detector"
        )
