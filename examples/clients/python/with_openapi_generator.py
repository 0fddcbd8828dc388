"""A restaurant, its camera, a video in one request, and its states, by the clients that openapi-generator makes.

docs/clients.md says how they are made. Prints one JSON object.

usage: TABLEWATCH_KEY=twk_... with_openapi_generator.py http://127.0.0.1:8700 video.mp4
"""

import json
import os
import sys
import time
from pathlib import Path

import tablewatch
import tablewatch_ingest
from tablewatch.api import CamerasApi, HazardsApi, LayoutsApi, SitesApi, StatesApi, VideosApi
from tablewatch.models import (
    Camera,
    DrawnTable,
    Job,
    JobStatus,
    Layout,
    NewCamera,
    NewLayout,
    NewSite,
    NewVideo,
    Problem,
    Reference,
    Sampling,
    SamplingMode,
    Site,
    UploadTarget,
)
from tablewatch_ingest.api import UploadsApi


def set_up(api: tablewatch.ApiClient) -> tuple[Site, Camera, Layout]:
    """A site, a camera and where its table is. Repeated with its Idempotency-Key, a request makes nothing new."""
    sites, new, once = SitesApi(api), NewSite(name="Café Central", timezone="Europe/Vienna"), f"site-{time.time_ns()}"
    site = sites.create_site(new, idempotency_key=once)
    if sites.create_site(new, idempotency_key=once).site_id != site.site_id:
        raise RuntimeError("a second site was made")
    camera = CamerasApi(api).create_camera(NewCamera(name="Front room", site_id=site.site_id))
    layout = NewLayout(
        reference=Reference(width=1280, height=720),
        tables=[DrawnTable(label="Table 7", seats=4, polygon=[[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]])],
        floor=[[[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]],
    )
    return site, camera, LayoutsApi(api).put_layout(camera.camera_id, layout)


def send(target: UploadTarget, video_id: str, clip: bytes) -> int:
    """The file in one request; then where the upload stands, as HEAD says it."""
    address = target.create_url.removesuffix("/v1/uploads")
    configuration = tablewatch_ingest.Configuration(host=address, access_token=target.token)
    with tablewatch_ingest.ApiClient(configuration) as client:
        uploads = UploadsApi(client)
        uploads.send_content(video_id, clip)
        while uploads.get_upload(video_id).status in ("receiving", "received"):
            time.sleep(0.2)
        asked = uploads.get_offset_with_http_info(video_id, tus_resumable="1.0.0")
        return int((asked.headers or {})["upload-offset"])


def send_in_pieces(target: UploadTarget, video_id: str, clip: bytes) -> int:
    """The file by tus, in two pieces, the second from where the service says that it stands."""
    address = target.create_url.removesuffix("/v1/uploads")
    configuration = tablewatch_ingest.Configuration(host=address, access_token=target.token)
    with tablewatch_ingest.ApiClient(configuration) as client:
        uploads = UploadsApi(client)
        uploads.create_upload("1.0.0", upload_length=len(clip))
        offset, middle = 0, len(clip) // 2
        for piece in (clip[:middle], clip[middle:]):
            uploads.append_bytes(video_id, "1.0.0", offset, piece)
            asked = uploads.get_offset_with_http_info(video_id, "1.0.0")
            offset = int((asked.headers or {})["upload-offset"])
        return offset


def follow(videos: VideosApi, video_id: str) -> Job:
    """The job once it has ended."""
    while True:
        job = videos.get_job(video_id)
        if job.status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED):
            return job
        time.sleep(0.5)


def frame_indexes(videos: VideosApi, video_id: str) -> list[int]:
    """Of all frames, by pages of two."""
    page = videos.list_frames(video_id, limit=2)
    found = [frame.index for frame in page.items]
    while page.next_cursor is not None:
        page = videos.list_frames(video_id, limit=2, cursor=page.next_cursor)
        found += [frame.index for frame in page.items]
    return found


def main() -> None:
    """Everything, in the order in which a program does it."""
    address, clip = sys.argv[1], Path(sys.argv[2])
    configuration = tablewatch.Configuration(host=address, access_token=os.environ["TABLEWATCH_KEY"])
    with tablewatch.ApiClient(configuration) as api:
        site, camera, layout = set_up(api)
        videos, sampling = VideosApi(api), Sampling(mode=SamplingMode.CADENCE, every_ms=10_000)
        size = clip.stat().st_size
        new = NewVideo(camera_id=camera.camera_id, sampling=sampling, filename=clip.name, size_bytes=size)
        announced = videos.create_video(new)
        waiting = videos.list_videos(status=JobStatus.AWAITING_FILE, camera_id=camera.camera_id).items
        offset = send(announced.upload, announced.video_id, clip.read_bytes())
        other = videos.create_video(new)
        pieces = send_in_pieces(other.upload, other.video_id, clip.read_bytes())
        job = follow(videos, announced.video_id)
        states = StatesApi(api).list_states(run_id=job.run_id).items
        hazards = HazardsApi(api).list_hazards(run_id=job.run_id).items
        problems: dict[str, str] = {}
        try:
            SitesApi(api).get_site("site_of_nobody")
        except tablewatch.exceptions.NotFoundException as error:
            problems["missing"] = error.data.code if isinstance(error.data, Problem) else str(error.data)
        try:
            videos.cancel_video(job.video_id)
        except tablewatch.exceptions.ConflictException as error:
            problems["conflict"] = error.data.code if isinstance(error.data, Problem) else str(error.data)
        result = {
            "site_id": site.site_id,
            "version": layout.version,
            "awaiting_file": [each.video_id for each in waiting],
            "video_id": job.video_id,
            "sent": offset,
            "sent_in_pieces": pieces,
            "status": job.status.value,
            "created_at": job.created_at.isoformat(),
            "frames": frame_indexes(videos, job.video_id),
            "states": [{"label": each.label, "state": each.state, "since": str(each.since)} for each in states],
            "hazards": [hazard.kind for hazard in hazards],
            **problems,
        }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
