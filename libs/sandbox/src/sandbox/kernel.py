"""What this kernel gives, found out by a child that tries it; and the network namespace that a parent can give."""

import asyncio
import json
import os
import sys

from sandbox.layers import Layers

ISOLATION = ("unshare", "--user", "--map-root-user", "--net", "--")
"""Before a command that is to run in an empty network namespace."""


async def examine_kernel() -> Layers:
    """By locking a child down just as one that opens media is. Raises OSError if it cannot be locked down at all."""
    status, output = await _run(sys.executable, "-I", "-m", "sandbox")
    if status != 0:
        raise OSError(f"the sandbox cannot be set up: {output.decode(errors='replace').strip()[-500:]}")
    found = json.loads(output)
    return Layers(int(found["landlock_abi"]), bool(found["seccomp"]), await can_isolate_network())


async def can_isolate_network() -> bool:
    """Whether this machine, or this container, allows network namespaces without privileges."""
    return (await _run(*ISOLATION, "true"))[0] == 0


async def _run(*command: str) -> tuple[int, bytes]:
    """Exit status (127 where there is no such program), and what it printed or complained."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", "")},
        )
    except FileNotFoundError:
        return 127, b""
    output, _ = await process.communicate()
    return process.returncode or 0, output
