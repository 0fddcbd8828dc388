"""The OpenAPI documents of api and ingest, as they are served."""

import json
from typing import Any
from unittest.mock import MagicMock

from pydantic import SecretStr

from api.http.app import create_app
from api.settings import ApiSettings
from chassis.clock import SystemClock
from ingest.http.app import make_app


def of_api() -> dict[str, Any]:
    """That of the api."""
    return _served(create_app(MagicMock(settings=ApiSettings())).openapi())  # type: ignore[call-arg]


def of_ingest() -> dict[str, Any]:
    """That of ingest."""
    app = make_app(*(None, SecretStr("x" * 40), [], SystemClock(), None, None, None))  # type: ignore[arg-type]
    return _served(app.openapi())


def _served(document: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(document)))
