"""The documents of a site as of one seq of its event log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from api.model.projections import READ_MODELS, ReadModel
from api.model.types import Json
from api.store import read_models, site_events, videos
from api.store.row_security import RowSecurity
from api.store.videos import VideoRow
from tablewatch_schemas.times import write_time

LIMIT = 5000
"""Documents of each read model."""
RECENT_VIDEOS = 20
MOST_VIDEOS = 1000
"""The newest, where more are under way."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a snapshot is made of: rows as of `seq`, and the documents of each read model as JSON text.

    `totals`: how many documents of each list the site, or the run, has; more than were read where it has many.
    """

    site_id: str
    seq: int
    videos: Sequence[VideoRow]
    documents: Mapping[ReadModel, Sequence[str]]
    totals: Mapping[str, int]

    def snapshot(self, now: datetime) -> Json:
        """The job documents and what the read models hold. For thousands of documents that takes a while.

        `left_out`: how many documents of each list there are beside those.
        """
        header = {"site_id": self.site_id, "seq": self.seq, "as_of": write_time(now)}
        jobs = [videos.of_row(row).document() for row in self.videos]
        lists = {"videos": jobs} | {model.snapshot: _at(model, now, of) for model, of in self.documents.items()}
        return header | {"left_out": {name: self.totals[name] - len(of) for name, of in lists.items()}} | lists


async def read(database: RowSecurity, site_id: str, run_id: str | None) -> Stored:
    """The newest of a site, or of one of its runs when `run_id` is given.

    Effects and events are written in one transaction, so reading both in one repeatable read leaves no gap.
    Without `run_id`: what is live, and the runs that are under way or among the RECENT_VIDEOS newest.
    """
    async with database.transaction([site_id], isolation="repeatable_read", readonly=True) as conn:
        _, seq = await site_events.span(conn, site_id)
        shown = await videos.shown(conn, site_id, run_id, RECENT_VIDEOS, MOST_VIDEOS)
        runs = {row["run_id"] for row in shown} | (set() if run_id is None else {run_id})
        documents = {
            model: await read_models.snapshot(conn, model, site_id, run_id=run_id, runs=runs, limit=LIMIT)
            for model in READ_MODELS.values()
        }
        totals = {
            model.snapshot: await read_models.count(conn, model, site_id, run_id=run_id)
            for model in READ_MODELS.values()
        }
        totals["videos"] = await videos.count(conn, site_id, run_id)
    return Stored(site_id, seq, shown, documents, totals)


def _at(model: ReadModel, now: datetime, texts: Sequence[str]) -> list[Json]:
    documents = [orjson.loads(text) for text in texts]
    return documents if model.at_time is None else [model.at_time(each, now) for each in documents]
