"""The plan of a site: where people put its tables. Nothing is concluded from it."""

from collections import Counter
from typing import Any

from fastapi import APIRouter, Response

from api.http.authentication import Reader, Writer
from api.http.bodies import SMALL_BODY
from api.http.dependencies import Deps
from api.http.documents.plans import NewPlan, Plan
from api.http.preconditions import IfMatch, check_preconditions, plan_tag
from api.http.routes import Route
from api.model.errors import TableDoubled
from api.store import plans, sites
from api.store.sites import Lock


class PlanRoute(Route):
    """A route that takes the places of 1000 tables, 66 KB and more."""

    most_body_bytes = 2 * SMALL_BODY


router = APIRouter(prefix="/v1/sites", tags=["sites"], route_class=PlanRoute)


@router.get("/{site_id}/plan", response_model=Plan)
async def get_plan(site_id: str, caller: Reader, deps: Deps, response: Response) -> Any:
    """Where its tables stand on the plan; empty where nobody has arranged them."""
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id)
        plan = await plans.get(conn, site_id)
    response.headers["ETag"] = plan_tag(plan["version"])
    return plan


@router.put("/{site_id}/plan", response_model=Plan)
async def put_plan(
    site_id: str, body: NewPlan, caller: Writer, deps: Deps, response: Response, if_match: IfMatch = None
) -> Any:
    """Arrange the tables of a site, all at once."""
    places = [each.model_dump() for each in body.places]
    twice = [name for name, count in Counter(each["table_id"] for each in places).items() if count > 1]
    if twice:
        raise TableDoubled(f"{twice[0]} has two places.", pointer="/places")
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id, Lock.CHANGE)
        check_preconditions(plan_tag((await plans.get(conn, site_id))["version"]), if_match)
        plan = await plans.put(conn, site_id, places)
    response.headers["ETag"] = plan_tag(plan["version"])
    return plan
