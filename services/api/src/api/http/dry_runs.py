"""Dry runs: what tablewatch would say of the tables of a camera, before anybody else hears of it."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response

from api.compute import compute
from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps, HttpDependencies
from api.http.documents.dry_runs import DryRun as DryRunDocument
from api.http.documents.dry_runs import NewDryRun
from api.http.errors import TooManyDryRuns
from api.http.idempotency import IdempotentRoute
from api.http.layout_saving import draw_in, foreign_tables
from api.http.layouts import MOST_LAYOUT_BYTES
from api.http.stored_looks import frames_between
from api.model import events
from api.model.access import Caller
from api.model.dry_runs import (
    ANSWER_IN,
    AT_ONCE,
    DryRun,
    check_camera,
    document,
    due_until,
    listed,
    pictures_since,
    tables_of,
)
from api.model.errors import LayoutRequired, NoPictures
from api.model.types import Json
from api.store import Connection, cameras, dry_runs, sites
from api.store.sites import Lock
from chassis import outbox
from objects.store import Gone
from ratelimit.limit import RateLimit
from tablewatch_schemas import ContractError, keys
from tablewatch_schemas.dry_run import MOST_BYTES, DryRunReport
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.layout import Layout

RETRY_AFTER_S = 2
OFTEN = RateLimit.of("6/minute")
"""Of one camera: each lets 60 looks be made, and is kept for a day."""
log = structlog.get_logger("api.http")


class DryRunRoute(IdempotentRoute):
    """A route that takes a drawing, once for each Idempotency-Key."""

    most_body_bytes = MOST_LAYOUT_BYTES


router = APIRouter(prefix="/v1/cameras", tags=["layouts"], route_class=DryRunRoute)


@router.post("/{camera_id}/dry-runs", status_code=202, response_model=DryRunDocument)
async def create_dry_run(
    camera_id: str, body: NewDryRun, caller: Writer, deps: Deps, request: Request, response: Response
) -> Any:
    """See for a minute what tablewatch would say of the tables of a camera: of its newest layout, or of `layout`.

    Pictures that it takes from now on are looked at, and states are made of them by the rules of live tables. Nothing
    is published: the states of the site, its event stream and other teams' topics stay as they are. Poll the Location
    of the response until `status` is `done`; who comes back later finds the same, for a day.
    """
    layout = await _layout(deps, caller, camera_id, body)
    run = _begun(deps, caller, layout, body, new_id("dry"))
    await request.app.state.limiter.take_of_camera("dry_runs", camera_id, OFTEN, TooManyDryRuns)
    async with deps.store_writes.place(), deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, run.site_id, Lock.CHANGE)
        await cameras.get(conn, caller.site_list, camera_id, lock=True)
        await _check_room(conn, run)
        await dry_runs.add(conn, run)
        if body.layout is not None:  # in the transaction: a row without its layout shows nothing and takes a place
            await deps.objects.put(run.layout_key, await compute(_object, layout, run.layout_key), "application/json")
    response.headers["Location"] = f"/v1/cameras/{camera_id}/dry-runs/{run.dry_run_id}"
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return document(run, None, None, None, run.began_at)


@router.get("/{camera_id}/dry-runs/{dry_run_id}", response_model=DryRunDocument)
async def get_dry_run(camera_id: str, dry_run_id: str, caller: Reader, deps: Deps) -> Any:
    """What has come of a dry run of the last day: states, transitions, and the newest picture that was looked at.

    To ask for it has the pictures looked at that came since it was asked for last.
    """
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        status = await cameras.status(conn, camera_id)
        run = await dry_runs.get(conn, camera_id, dry_run_id)
    run = await _listed(deps, caller, camera, run)
    report = await _report(deps, run)
    view = None if report is None else await deps.judged.document(report.newest, deps.settings.api_link_ttl_s)
    encoded = await compute(partial(_encoded, run, report, view, status, deps.now()))
    return Response(encoded, media_type="application/json")


async def _layout(deps: HttpDependencies, caller: Caller, camera_id: str, body: NewDryRun) -> Layout:
    """The layout that is asked for, of a camera that takes pictures; one that is drawn for it has no key of its own.

    Raises what `check_camera` and `draw` do, LayoutRequired, NoPictures.
    """
    foreign = set[str]() if body.layout is None else await foreign_tables(deps, camera_id, body.layout)
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        newest = await cameras.layout(conn, camera)
        if body.layout is not None:
            newest = (await draw_in(conn, deps, camera, body.layout, newest, foreign)).layout
    check_camera(camera, body.seconds)
    if newest is None:
        raise LayoutRequired("Send one with the request, or draw one with PUT of the layout.")
    now = deps.now()
    if not await frames_between(deps, camera, pictures_since(camera, now), now):
        raise NoPictures("None was stored lately: see the status of the camera.")
    return newest


def _begun(deps: HttpDependencies, caller: Caller, layout: Layout, body: NewDryRun, dry_run_id: str) -> DryRun:
    """Raises TablesRequired."""
    is_own, now = body.layout is not None, deps.now()
    own_key = keys.dry_run_layout(layout.site_id, layout.camera_id, dry_run_id)
    return DryRun(
        dry_run_id=dry_run_id, camera_id=layout.camera_id, site_id=layout.site_id, key_id=caller.key_id,
        layout_key=own_key if is_own else layout.layout_key, layout_version=None if is_own else layout.version,
        tables=tables_of(layout), began_at=now, until=now + timedelta(seconds=body.seconds), listed_until=now,
    )  # fmt: skip


def _object(layout: Layout, key: str) -> bytes:
    return replace(layout, layout_key=key).to_json()


async def _check_room(conn: Connection, run: DryRun) -> None:
    """Raises TooManyDryRuns."""
    ends = await dry_runs.running(conn, run.site_id, run.began_at)
    if len(ends) >= AT_ONCE:
        wait_s = math.ceil((ends[0] - run.began_at).total_seconds())
        detail = f"{len(ends)} of the site are under way; the next ends in {wait_s} s."
        raise TooManyDryRuns(detail, headers={"Retry-After": str(wait_s)})


async def _listed(deps: HttpDependencies, caller: Caller, camera: Json, run: DryRun) -> DryRun:
    """With looks asked for at pictures that came since; each once, whoever asks at the same time."""
    now = deps.now()
    until = due_until(run, now)
    if until is None:
        return run
    after, chosen = listed(run, await frames_between(deps, camera, run.listed_until, until), now)
    if after == run:
        return run
    async with deps.transaction(caller.site_list) as conn:
        if not await dry_runs.save(conn, run, after):
            return await dry_runs.get(conn, run.camera_id, run.dry_run_id)
        for frame in chosen:
            await outbox.enqueue(conn, events.dry_run_command_event(after, frame, now, now + ANSWER_IN))
    return after


async def _report(deps: HttpDependencies, run: DryRun) -> DryRunReport | None:
    """None before the first look, and of what cannot be read."""
    key = keys.dry_run_report(run.site_id, run.camera_id, run.dry_run_id)
    try:
        return await compute(DryRunReport.parse, await deps.objects.get_range(key, 0, MOST_BYTES + 1), key)
    except Gone:
        return None
    except ContractError as error:
        log.warning("dry_run_broken", key=key, code=error.code, error=error.reason)
        return None


def _encoded(run: DryRun, report: DryRunReport | None, view: Json | None, status: Json | None, now: datetime) -> bytes:
    made = DryRunDocument.model_validate(document(run, report, view, status, now))
    return made.model_dump_json(by_alias=True).encode()
