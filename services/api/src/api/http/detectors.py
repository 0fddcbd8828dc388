"""The detectors that may be chosen for a site or a camera."""

import asyncio
from pathlib import Path

from api.http.dependencies import Deps
from api.model import detectors


async def check_detector(deps: Deps, name: str | None) -> None:
    """Raises DetectorUnknown. The file is read each time: a name may be chosen as soon as it stands there."""
    if name is not None:
        path = deps.settings.classifier_gateway_detectors
        detectors.check(name, detectors.names(await asyncio.to_thread(_text, path)))


def _text(path: Path | None) -> str | None:
    """None where there is no such file for this process."""
    try:
        return None if path is None else path.read_text()
    except (OSError, UnicodeDecodeError):
        return None
