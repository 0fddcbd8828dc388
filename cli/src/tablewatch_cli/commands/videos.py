"""`upload` and `frames`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from tablewatch_cli import output, upload
from tablewatch_cli.client import Api, Document
from tablewatch_cli.errors import CliError, Exit
from tablewatch_cli.settings import load

FINAL = frozenset({"done", "failed", "cancelled"})
POLL_S = 0.5
SETTLE_S = 20.0


def sampling(every: float | None, keyframes: bool, all_frames: bool) -> dict[str, Any] | None:
    """The sampling asked for, or None for the server's default. `every` is in seconds of media time."""
    if sum((every is not None, keyframes, all_frames)) > 1:
        raise click.UsageError("choose one of --every, --keyframes and --all")
    if keyframes:
        return {"mode": "keyframes", "every_ms": None}
    if all_frames:
        return {"mode": "all", "every_ms": None}
    if every is None:
        return None
    return {"mode": "cadence", "every_ms": max(1, round(every * 1000))}


def picture(image: str | None, quality: int | None, long_side: int | None) -> dict[str, Any] | None:
    """How frames shall be stored, or None for the server's default."""
    if image == "png" and quality is not None:
        raise click.UsageError("--quality goes with JPEG; PNG loses nothing")
    if image is None and quality is None and long_side is None:
        return None
    return {"format": image or "jpeg", "quality": quality, "long_side": long_side}


class LayoutChoice(click.ParamType):
    """current, at-time, or the number of a version."""

    name = "layout"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        if value in ("current", "at-time"):
            return str(value).replace("-", "_")
        if not str(value).isdecimal() or int(value) == 0:
            self.fail(f"{value} is none of current, at-time or the number of a version", param, ctx)
        return int(value)


@click.command("upload")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--camera", metavar="ID", help="Camera the video belongs to; its layout says where the tables are.")
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="One frame every SECONDS of media time.",
)
@click.option("--keyframes", is_flag=True, help="Only keyframes.")
@click.option("--all", "all_frames", is_flag=True, help="Every frame.")
@click.option("--image", type=click.Choice(["jpeg", "png"]), help="How frames are stored; jpeg unless said.")
@click.option("--quality", type=click.IntRange(1, 100), metavar="1-100", help="JPEG quality of stored frames.")
@click.option(
    "--long-side",
    type=click.IntRange(64, 32768),
    metavar="PIXELS",
    help="Scale stored frames down to PIXELS on their longer side.",
)
@click.option(
    "--layout",
    type=LayoutChoice(),
    metavar="VERSION",
    help="Layout of the camera that applies: current, at-time (in force at --started-at), or a version's number.",
)
@click.option(
    "--make",
    "wanted",
    multiple=True,
    type=click.Choice(["frames", "tables", "hazards"]),
    help="What to make of it (repeatable).",
)
@click.option(
    "--started-at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]),
    help="When the recording began, UTC.",
)
@click.option("--site", metavar="ID", help="Site, where the key opens several.")
@click.option("--wait", is_flag=True, help="Wait until the job is done, and exit 1 if it fails.")
@click.option("--json", "as_json", is_flag=True, help="Print the job document as JSON.")
def upload_command(
    path: Path, camera: str | None, every: float | None, keyframes: bool, all_frames: bool, image: str | None,
    quality: int | None, long_side: int | None, layout: str | int | None, wanted: tuple[str, ...],
    started_at: datetime | None, site: str | None, wait: bool, as_json: bool,
) -> None:  # fmt: skip
    """Upload the video PATH and have frames, table states and hazards made of it.

    The upload is resumed by itself when the connection breaks or the service restarts.
    """
    request = {
        "site_id": site, "camera_id": camera, "sampling": sampling(every, keyframes, all_frames),
        "picture": picture(image, quality, long_side), "layout": layout, "make": list(wanted) or None,
        "started_at": started_at.replace(tzinfo=UTC).isoformat() if started_at else None,
        "filename": path.name, "size_bytes": path.stat().st_size,
    }  # fmt: skip
    with Api(load()) as api:
        job = _upload(api, path, request, quiet=as_json)
        if wait and job["status"] not in FINAL:
            job = _wait(api, job["video_id"], quiet=as_json)
    _report(job, as_json=as_json)
    if job["status"] in {"failed", "cancelled"}:
        raise click.exceptions.Exit(Exit.REFUSED)


def _upload(api: Api, path: Path, request: dict[str, Any], *, quiet: bool) -> Document:
    job = api.post("/v1/videos", request)
    target = job["upload"]
    try:
        with _bar(quiet) as bar:
            task = bar.add_task(path.name, total=max(1, path.stat().st_size))
            upload.send(
                path,
                target["create_url"],
                target["token"],
                lambda sent, total: bar.update(task, completed=sent, total=max(1, total)),
            )
    except CliError as refusal:
        if refusal.exit_code is not Exit.REFUSED:
            raise
        return _refused(api, job["video_id"], refusal)
    try:
        return _job(api, job["video_id"])
    except CliError as refusal:
        if refusal.code != "scope_missing":
            raise
        return job  # a key that may upload and not read: what was answered first is all there is to tell


def _refused(api: Api, video_id: str, refusal: CliError) -> Document:
    """The job as the API tells it once the refusal has travelled there; if it never does, with what ingest said."""
    deadline = time.monotonic() + SETTLE_S
    job = _job(api, video_id)
    while job["status"] not in FINAL and time.monotonic() < deadline:
        time.sleep(POLL_S)
        job = _job(api, video_id)
    if job["status"] in FINAL:
        return job
    return {**job, "status": "failed", "error": {"code": refusal.code, "reason": refusal.reason, "retryable": False}}


def _job(api: Api, video_id: str) -> Document:
    """The job document; an API that is away is waited for, as the upload waits for ingest."""
    deadline = time.monotonic() + upload.PATIENCE_S
    while True:
        try:
            return api.get(f"/v1/videos/{video_id}/job")
        except CliError as error:
            passing = error.exit_code is Exit.UNREACHABLE or error.code == "rate_limited"
            if not passing or time.monotonic() > deadline:
                raise
        time.sleep(POLL_S)


def _wait(api: Api, video_id: str, *, quiet: bool) -> Document:
    with _steps(quiet) as bar:
        task = bar.add_task("waiting", total=100)
        while True:
            job = _job(api, video_id)
            bar.update(task, completed=job.get("progress") or 0, description=str(job.get("stage") or job["status"]))
            if job["status"] in FINAL:
                return job
            time.sleep(POLL_S)


def _report(job: Document, *, as_json: bool) -> None:
    job = {name: value for name, value in job.items() if name != "upload"}  # its token is a credential
    if as_json:
        output.as_json(job)
        return
    error = job.get("error")
    output.out.print(
        f"{job['video_id']}  {job['status']}  {(job.get('frames') or {}).get('published', 0)} frames", markup=False
    )
    if error:
        output.error(CliError(error["code"], error["reason"]), json_wanted=False)
    elif job["status"] not in FINAL:
        output.err.print(
            f"follow it with: tablewatch frames {job['video_id']}, tablewatch states, tablewatch tail table.state",
            markup=False,
        )


def _bar(quiet: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=output.err, disable=quiet, transient=True)


def _steps(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        console=output.err,
        disable=quiet,
        transient=True,
    )


FRAME_FIELDS = ("index", "media_ms", "captured_at", "width", "height", "url")


@click.command("frames")
@click.argument("video")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def frames_command(video: str, as_json: bool) -> None:
    """List the frames of VIDEO, in media order, with links that expire."""
    with Api(load()) as api:
        frames = [{name: frame.get(name) for name in FRAME_FIELDS} for frame in api.pages(f"/v1/videos/{video}/frames")]
    if as_json:
        output.as_json(frames)
    else:
        output.table(frames, FRAME_FIELDS, f"no frames of {video} (yet)")
