"""The health of tablewatch as a whole, for people who do not see its operators' pages."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter

from api.http.authentication import Reader
from api.http.dependencies import Deps
from api.http.documents.health import SystemHealth
from api.http.routes import Route
from api.model.parts import conclude, services
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/health", tags=["health"], route_class=Route)
VERSION = version("tablewatch-api")


@router.get("", response_model=SystemHealth)
async def get_health(caller: Reader, deps: Deps) -> Any:
    """Which parts work now: services by their consumer groups, the rest as this process sees it.

    What is known may be five seconds old. Operators have more: `/readyz` and the metrics of each service.
    """
    members = None if deps.groups is None else await deps.groups.members()
    parts = services(deps.settings.api_ingest_groups)
    complaints = {} if deps.complaints is None else deps.complaints()
    return {"version": VERSION, "as_of": write_time(deps.now()), "parts": conclude(parts, members, complaints)}
