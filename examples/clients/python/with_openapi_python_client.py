"""A restaurant, its camera, a video in two pieces, and its states, by the clients that openapi-python-client makes.

docs/clients.md says how they are made. Prints one JSON object.

usage: TABLEWATCH_KEY=twk_... with_openapi_python_client.py http://127.0.0.1:8700 video.mp4
"""

import io
import json
import os
import sys
import time
from pathlib import Path
from typing import TypeVar

from tablewatch_client import AuthenticatedClient
from tablewatch_client.api.cameras import create_camera
from tablewatch_client.api.hazards import list_hazards
from tablewatch_client.api.layouts import put_layout
from tablewatch_client.api.sites import create_site, get_site
from tablewatch_client.api.states import list_states
from tablewatch_client.api.videos import cancel_video, create_video, get_job, list_frames, list_videos
from tablewatch_client.models import (
    Camera,
    DrawnTable,
    FramePage,
    HazardPage,
    Job,
    JobPage,
    JobStatus,
    NewCamera,
    NewJob,
    NewLayout,
    NewSite,
    NewVideo,
    Problem,
    Reference,
    Sampling,
    SamplingMode,
    SavedLayout,
    Site,
    StatePage,
    UploadTarget,
)
from tablewatch_client.types import UNSET
from tablewatch_ingest_client import AuthenticatedClient as IngestClient
from tablewatch_ingest_client.api.uploads import append_bytes, create_upload, get_offset, get_upload
from tablewatch_ingest_client.models import Problem as IngestProblem
from tablewatch_ingest_client.models import Upload
from tablewatch_ingest_client.types import File

T = TypeVar("T")


class RefusedError(Exception):
    """The API answered with a problem: its code and its sentence."""


def of(kind: type[T], answer: object) -> T:
    """The answer, if it is of this type."""
    if isinstance(answer, Problem | IngestProblem):
        raise RefusedError(f"{answer.code}: {answer.detail}")
    if not isinstance(answer, kind):
        raise TypeError(f"{kind.__name__} was expected, {type(answer).__name__} came")
    return answer


def set_up(api: AuthenticatedClient) -> tuple[Site, Camera, SavedLayout]:
    """A site, a camera and where its table is. Repeated with its Idempotency-Key, a request makes nothing new."""
    new, once = NewSite(name="Café Central", timezone="Europe/Vienna"), f"site-{time.time_ns()}"
    site = of(Site, create_site.sync(client=api, body=new, idempotency_key=once))
    if of(Site, create_site.sync(client=api, body=new, idempotency_key=once)).site_id != site.site_id:
        raise RuntimeError("a second site was made")
    camera = of(Camera, create_camera.sync(client=api, body=NewCamera(name="Front room", site_id=site.site_id)))
    layout = NewLayout(
        reference=Reference(width=1280, height=720),
        tables=[DrawnTable(label="Table 7", seats=4, polygon=[[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]])],
        floor=[[[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]],
    )
    return site, camera, of(SavedLayout, put_layout.sync(camera.camera_id, client=api, body=layout))


def send(target: UploadTarget, video_id: str, clip: bytes) -> int:
    """The file by tus, in two pieces, the second from where the service says that it stands."""
    ingest = IngestClient(base_url=target.create_url.removesuffix("/v1/uploads"), token=target.token, timeout=60)
    created = create_upload.sync_detailed(client=ingest, upload_length=len(clip))
    if created.status_code != 201:
        raise RefusedError(str(created.parsed))
    offset, middle = 0, len(clip) // 2
    for piece in (clip[:middle], clip[middle:]):
        body = File(payload=io.BytesIO(piece))
        sent = append_bytes.sync_detailed(video_id, client=ingest, body=body, upload_offset=offset)
        if sent.status_code != 204:
            raise RefusedError(str(sent.parsed))
        offset = int(get_offset.sync_detailed(video_id, client=ingest).headers["Upload-Offset"])
    while of(Upload, get_upload.sync(video_id, client=ingest)).status in ("receiving", "received"):
        time.sleep(0.2)
    return offset


def follow(api: AuthenticatedClient, video_id: str) -> Job:
    """The job once it has ended."""
    while True:
        job = of(Job, get_job.sync(video_id, client=api))
        if job.status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED):
            return job
        time.sleep(0.5)


def frame_indexes(api: AuthenticatedClient, video_id: str) -> list[int]:
    """Of all frames, by pages of two."""
    found, page = [], of(FramePage, list_frames.sync(video_id, client=api, limit=2))
    found += [frame.index for frame in page.items]
    while page.next_cursor is not None:
        page = of(FramePage, list_frames.sync(video_id, client=api, limit=2, cursor=page.next_cursor))
        found += [frame.index for frame in page.items]
    return found


def main() -> None:
    """Everything, in the order in which a program does it."""
    address, clip = sys.argv[1], Path(sys.argv[2])
    api = AuthenticatedClient(base_url=address, token=os.environ["TABLEWATCH_KEY"], timeout=60)
    site, camera, layout = set_up(api)
    sampling = Sampling(mode=SamplingMode.CADENCE, every_ms=10_000)
    new = NewVideo(camera_id=camera.camera_id, sampling=sampling, filename=clip.name, size_bytes=clip.stat().st_size)
    announced = of(NewJob, create_video.sync(client=api, body=new))
    waiting = list_videos.sync(client=api, status=JobStatus.AWAITING_FILE, camera_id=camera.camera_id)
    offset = send(announced.upload, announced.video_id, clip.read_bytes())
    job = follow(api, announced.video_id)
    states = of(StatePage, list_states.sync(client=api, run_id=job.run_id)).items
    hazards = of(HazardPage, list_hazards.sync(client=api, run_id=job.run_id)).items
    missing = get_site.sync("site_of_nobody", client=api)
    conflict = cancel_video.sync(job.video_id, client=api)
    result = {
        "site_id": site.site_id,
        "version": layout.version,
        "awaiting_file": [each.video_id for each in of(JobPage, waiting).items],
        "video_id": job.video_id,
        "sent": offset,
        "status": job.status.value,
        "created_at": job.created_at.isoformat(),
        "frames": frame_indexes(api, job.video_id),
        "states": [
            {"label": None if state.label is UNSET else state.label, "state": state.state, "since": str(state.since)}
            for state in states
        ],
        "hazards": [hazard.kind for hazard in hazards],
        "missing": missing.code if isinstance(missing, Problem) else None,
        "conflict": conflict.code if isinstance(conflict, Problem) else None,
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
