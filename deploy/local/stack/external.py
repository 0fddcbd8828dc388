"""Parts that the caller named: a Kafka, a Postgres, an S3 store. They are asked before anything is called ready."""

import asyncio
from collections.abc import Callable

from stack.part import Probe, until
from stack.settings import StackError

TIMEOUT_S = 30.0


async def wait_for_external(name: str, probe: Probe, step: Callable[[str], None]) -> None:
    """Wait until it answers; `step` gets what is wrong with it meanwhile. Raises StackError with the last of that."""
    wrong = ""

    def waiting(why: str) -> None:
        nonlocal wrong
        if why and why != wrong:
            wrong = why
            step(f"{name}: waiting for yours: {why}")

    try:
        async with asyncio.timeout(TIMEOUT_S):
            await until(probe, waiting=waiting)
    except TimeoutError:
        raise StackError(f"the {name} that you named cannot be used: {wrong or 'it does not answer'}") from None
    step(f"{name}: yours answers")


def external_store() -> Probe:
    """Asks the S3 store of the environment, as the services will."""
    from objects.s3_probe import S3Probe  # loaded only where it is used: minio costs 40 ms and 20 MB
    from objects.settings import ObjectSettings

    return S3Probe(ObjectSettings())
