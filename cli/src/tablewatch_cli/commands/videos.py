"""`upload`, `videos` and `frames`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from lines.visible import on_one_line
from tablewatch_cli import output, source
from tablewatch_cli.client import Api, Document, checked_job
from tablewatch_cli.errors import CliError, Exit
from tablewatch_cli.parameters import Id, Seconds
from tablewatch_cli.settings import load
from tablewatch_cli.source import Source

MOST_SECONDS = 31_536_000.0  # a year
_VERSION = re.compile(r"[1-9][0-9]{0,9}")
FINAL = frozenset({"done", "failed", "cancelled"})
POLL_S = 0.5
KNOWN_S = 20.0


def sampling(every: float | None, keyframes: bool, all_frames: bool) -> dict[str, Any] | None:
    """The sampling of the options, or None for the server's default. `every` is in seconds of media time."""
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
    """How frames are to be stored, or None for the server's default."""
    if image == "png" and quality is not None:
        raise click.UsageError("--quality is for JPEG; PNG is lossless")
    if image is None and quality is None and long_side is None:
        return None
    return {"format": image or "jpeg", "quality": quality, "long_side": long_side}


class LayoutChoice(click.ParamType):
    """current, at-time, or the number of a version."""

    name = "layout"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        if value in ("current", "at-time"):
            return str(value).replace("-", "_")
        if not _VERSION.fullmatch(str(value)):
            self.fail(f"{value} is none of current, at-time or the number of a version", param, ctx)
        return int(value)


@click.command("upload")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--camera", metavar="ID", help="Camera the video belongs to; its layout says where the tables are.")
@click.option(
    "--every",
    type=Seconds(min=0, max=MOST_SECONDS, min_open=True),
    metavar="SECONDS",
    help="One frame every SECONDS of media time.",
)
@click.option("--keyframes", is_flag=True, help="Only keyframes.")
@click.option("--all", "all_frames", is_flag=True, help="Every frame.")
@click.option("--image", type=click.Choice(["jpeg", "png"]), help="How frames are stored; jpeg by default.")
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
@click.option("--filename", metavar="NAME", help="Name to store instead of the file's own; standard input has none.")
@click.option("--wait", is_flag=True, help="Wait until the job is done, and exit 1 if it fails.")
@click.option("--json", "as_json", is_flag=True, help="Print the job document as JSON.")
def upload_command(
    path: Path, camera: str | None, every: float | None, keyframes: bool, all_frames: bool, image: str | None,
    quality: int | None, long_side: int | None, layout: str | int | None, wanted: tuple[str, ...],
    started_at: datetime | None, site: str | None, filename: str | None, wait: bool, as_json: bool,
) -> None:  # fmt: skip
    """Upload the video PATH and have frames, table states and hazards made of it; - reads standard input.

    The upload is resumed by itself when the connection breaks or the service restarts. A pipe is copied to TMPDIR
    first. A file that changes while it is sent is not uploaded.
    """
    request = {
        "site_id": site, "camera_id": camera, "sampling": sampling(every, keyframes, all_frames),
        "picture": picture(image, quality, long_side), "layout": layout, "make": list(wanted) or None,
        "started_at": started_at.replace(tzinfo=UTC).isoformat() if started_at else None,
    }  # fmt: skip
    with Api(load()) as api, source.opened(path) as video:
        named = {"filename": filename or video.name, "size_bytes": video.size_bytes}
        job = _upload(api, video, request | named, quiet=as_json)
        if wait and job["status"] not in FINAL:
            job = _wait(api, job["video_id"], quiet=as_json)
    _report(job, as_json=as_json)
    if job["status"] in {"failed", "cancelled"}:
        raise click.exceptions.Exit(Exit.REFUSED)


def _upload(api: Api, video: Source, request: dict[str, Any], *, quiet: bool) -> Document:
    from tablewatch_cli import upload  # brings tuspy and aiohttp: half of what every other command takes to start

    job = api.post("/v1/videos", request)
    target = job["upload"]
    try:
        with _bar(quiet) as bar:
            task = bar.add_task(on_one_line(video.title), total=max(1, video.size_bytes))
            upload.send(
                video,
                target["create_url"],
                target["token"],
                lambda sent, total: bar.update(task, completed=sent, total=max(1, total)),
            )
    except CliError as refusal:
        if refusal.exit_code is Exit.LOCAL_IO:
            _cancel(api, job["video_id"])
        if refusal.exit_code is not Exit.REFUSED:
            raise
        return _refused(api, job["video_id"], refusal)
    except KeyboardInterrupt:
        output.note(f"{job['video_id']} was not uploaded to its end: nothing is made of it")
        _cancel(api, job["video_id"])
        raise
    try:
        return _job_once(api, job["video_id"], lambda now: now["status"] != "awaiting_file")
    except CliError as refusal:
        if refusal.code != "scope_missing":
            raise
        return job  # a key that may upload and not read: the answer to the first request is all there is


def _cancel(api: Api, video_id: str) -> None:
    """Give up a video whose bytes will not come; where that is refused, the upload expires by itself."""
    with suppress(CliError):
        api.post(f"/v1/videos/{video_id}/cancel", {})


def _job_once(api: Api, video_id: str, known: Callable[[Document], bool]) -> Document:
    """The job once the API knows what ingest does; after KNOWN_S the job as it is."""
    deadline = time.monotonic() + KNOWN_S
    while not known(job := _job(api, video_id)) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return job


def _refused(api: Api, video_id: str, refusal: CliError) -> Document:
    """The job once the API knows of the refusal; after KNOWN_S the job with the error that ingest answered."""
    job = _job_once(api, video_id, lambda now: now["status"] in FINAL)
    if job["status"] in FINAL:
        return job
    return {**job, "status": "failed", "error": {"code": refusal.code, "reason": refusal.reason, "retryable": False}}


def _job(api: Api, video_id: str) -> Document:
    """The job document; an API that does not answer is asked for RETRY_FOR_S, as ingest is by the upload."""
    from tablewatch_cli.upload import RETRY_FOR_S

    deadline = time.monotonic() + RETRY_FOR_S
    while True:
        try:
            job = api.get(f"/v1/videos/{video_id}/job")
        except CliError as error:
            temporary = error.exit_code is Exit.UNREACHABLE or error.code == "rate_limited"
            if not temporary or time.monotonic() > deadline:
                raise
        else:
            return checked_job(job)
        time.sleep(POLL_S)


def _wait(api: Api, video_id: str, *, quiet: bool) -> Document:
    try:
        return _followed(api, video_id, quiet=quiet)
    except KeyboardInterrupt:
        output.note(f"{video_id} goes on; see it with: tablewatch why-stuck {video_id}")
        raise


def _followed(api: Api, video_id: str, *, quiet: bool) -> Document:
    with _steps(quiet) as bar:
        task = bar.add_task("waiting", total=100)
        noted = None
        while True:
            job = _job(api, video_id)
            waiting = job.get("waiting")
            if waiting and waiting != noted:  # with --json too: no bar, no exit code and no final document tells it
                output.note(f"waiting: {waiting['code']}: {waiting['reason']}")
            noted = waiting
            bar.update(
                task,
                completed=job.get("progress") or 0,
                description=on_one_line(str(job.get("stage") or job["status"])),
            )
            if job["status"] in FINAL:
                return job
            time.sleep(POLL_S)


def _report(job: Document, *, as_json: bool) -> None:
    job = {name: value for name, value in job.items() if name != "upload"}  # its token is a credential
    if as_json:
        output.as_json(job)
        return
    error = job.get("error")
    output.line(f"{job['video_id']}  {job['status']}  {(job.get('frames') or {}).get('published', 0)} frames")
    if error:
        output.error(CliError(error["code"], error["reason"]), as_json_too=False)
    elif job["status"] not in FINAL:
        output.note(f"follow it with: tablewatch frames {job['video_id']}, tablewatch states --run {job['run_id']}")


def _bar(quiet: bool) -> Progress:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=output.err, disable=quiet or not output.is_watched(), transient=True)


def _steps(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        console=output.err,
        disable=quiet or not output.is_watched(),
        transient=True,
    )


FRAME_FIELDS = ("index", "media_ms", "captured_at", "width", "height", "url")
FRAME_DETAILS = ("frame_id", "size_bytes", "keyframe")
VIDEO_FIELDS = ("video_id", "run_id", "filename", "status", "stage", "progress", "eta_s", "created_at")
VIDEO_DETAILS = ("site_id", "camera_id", "updated_at", "frames", "stages", "stuck", "waiting", "error", "gaps", "video")


@click.command("videos")
@click.option("--site", metavar="ID", help="Only this site.")
@click.option("--camera", metavar="ID", help="Only of this camera.")
@click.option("--status", help="Only videos in this status, e.g. processing.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def videos_command(site: str | None, camera: str | None, status: str | None, as_json: bool) -> None:
    """The videos, newest first, with the ids that other commands ask for."""
    query = {"site_id": site, "camera_id": camera, "status": status}
    with Api(load()) as api:
        rows = [
            {name: row.get(name) for name in (*VIDEO_FIELDS, *VIDEO_DETAILS)} for row in api.pages("/v1/videos", query)
        ]
    if as_json:
        output.as_json(rows)
    else:
        output.table(rows, VIDEO_FIELDS, "no videos")


@click.command("frames")
@click.argument("video", type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def frames_command(video: str, as_json: bool) -> None:
    """List the frames of VIDEO, in media order, with links that expire."""
    with Api(load()) as api:
        frames = [
            {name: frame.get(name) for name in (*FRAME_FIELDS, *FRAME_DETAILS)}
            for frame in api.pages(f"/v1/videos/{video}/frames")
        ]
    if as_json:
        output.as_json(frames)
    else:
        output.table(frames, FRAME_FIELDS, f"no frames of {video} (yet)")
