"""Starts the real child of a service, as the service does, with hostile code in FFmpeg's place; prints its reports.

usage: python -m tests.unit.sandbox.attacked {extractor|ingest} PYTHON {isolated|open} FILE ...
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from sandbox.kernel import ISOLATION

MEMORY_MB = 2048


async def extractor(file: Path, isolated: bool) -> dict[str, Any]:
    from extractor.files.decoder import Decoder, DecoderLimits
    from extractor.model.failures import Failed

    decoder = await Decoder.start(DecoderLimits(MEMORY_MB << 20, 60.0, isolated))
    try:
        async for _ in decoder.request({"type": "survey", "path": str(file), "options": {}}, 60):
            pass
    except Failed as failed:
        return json.loads(failed.detail) if failed.detail.startswith("{") else {"ended": failed.detail}
    finally:
        await decoder.kill()
    return {}


async def ingest(file: Path, isolated: bool) -> dict[str, Any]:
    from ingest.admission import probe

    options = probe.ProbeOptions(30.0, MEMORY_MB, ISOLATION if isolated else ())
    status, output = await probe._run(probe._command(file, options), options.wall_s)
    return json.loads(output) if output else {"ended": f"status {status}"}


if __name__ == "__main__":
    service, sys.executable, network, *files = sys.argv[1:]
    start = extractor if service == "extractor" else ingest
    for each in files:
        print(json.dumps(asyncio.run(start(Path(each), network == "isolated"))))
