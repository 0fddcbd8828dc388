"""`python -m extractor.recount`: have the stored bytes of runs counted anew, from the objects that are there.

It only asks: the running extractors list the objects of one run after another, each once it has ended. For use after a
restore, or when objects were deleted by hand.
"""

import argparse
import asyncio

from chassis.database import connect
from extractor.files.rows import recounts
from extractor.settings import ExtractorSettings


async def main() -> None:
    """Request it, and print for how many runs."""
    parser = argparse.ArgumentParser(prog="python -m extractor.recount", description=__doc__)
    parser.add_argument("--site", help="only the runs of this site")
    site = parser.parse_args().site
    pool = await connect(ExtractorSettings().database_url.get_secret_value(), "extractor", size=1)
    async with pool.acquire() as conn:
        asked = await recounts.ask(conn, site)
    await pool.close()
    print(f"{asked} runs will be counted anew")


if __name__ == "__main__":
    asyncio.run(main())
