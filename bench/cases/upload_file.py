"""The baseline of uploads: what a user would write with Starlette, multipart into a file.

usage: python -m bench.cases.upload_file PORT FOLDER
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import BinaryIO

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(sys.argv[2])


async def upload(request: Request) -> Response:
    """Spooled by Starlette, copied to its file, and on the disk before the answer, as ours is."""
    async with request.form() as form:
        sent = form["file"]
        assert isinstance(sent, UploadFile)
        await asyncio.to_thread(_keep, sent.file)
    return Response(status_code=201)


def _keep(file: BinaryIO) -> None:
    with (FOLDER / "upload.bin").open("wb") as out:
        shutil.copyfileobj(file, out)
        out.flush()
        os.fdatasync(out.fileno())


if __name__ == "__main__":
    app = Starlette(routes=[Route("/", upload, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", loop="uvloop", log_level="warning")
