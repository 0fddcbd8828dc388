"""What is due of the periodic work, asked in one statement: most of the time it is nothing."""

from dataclasses import dataclass
from datetime import timedelta

from extractor.files.rows import deletions, jobs, recounts
from extractor.files.rows.jobs import Connection

_DUE = f"""
SELECT EXISTS ({jobs.PROGRESS_DUE}), EXISTS ({jobs.GIVE_UP_DUE}), EXISTS ({deletions.DUE}), EXISTS ({recounts.DUE})
"""


@dataclass(frozen=True, slots=True)
class Due:
    """Which of the chores have something to do."""

    progress: bool
    give_up: bool
    sweep: bool
    recount: bool


async def due(conn: Connection, retry_within: timedelta) -> Due:
    """Of all jobs and deletions, also those that somebody else has locked."""
    (row,) = await conn.fetch(_DUE, retry_within)
    return Due(*row)
