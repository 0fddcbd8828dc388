"""Kafka and Postgres alone, for tests: shared by all pytest workers, ended when the last of them is gone.

usage: python -m stack.infrastructure HOME

Each user holds a shared lock on HOME/users. This process ends when it gets that lock exclusively, so that nothing is
left running however the users end.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import sys
import time
from pathlib import Path

from lines.visible import visible
from stack import topics
from stack.home import write_private
from stack.kafka import Kafka
from stack.part import PartSupervisor
from stack.ports import free_ports
from stack.postgres import Postgres, create_database
from stack.settings import JARS, REPO

PARTITIONS = 6


async def serve(home: Path) -> None:
    """Start both, write HOME/ready.json, and stay until the users are gone."""
    kafka_port, controller_port, postgres_port = free_ports(3)
    kafka = Kafka(home=home / "kafka", jars=JARS, port=kafka_port, controller_port=controller_port)
    postgres = Postgres(home=home / "postgres", port=postgres_port, password=secrets.token_urlsafe(18))
    supervisors = [PartSupervisor(part, report=_report) for part in (kafka.part(), postgres.part())]
    try:
        await asyncio.gather(*(each.start() for each in supervisors))
        await create_database(postgres)
        await topics.create(kafka.bootstrap, topics.declared(REPO), PARTITIONS)
        write_private(home / "ready.json", {"kafka_bootstrap": kafka.bootstrap, "database_url": postgres.url()})
        await asyncio.to_thread(_wait_for_last_user, home / "users")
    finally:
        await asyncio.gather(*(each.stop() for each in supervisors))


def _wait_for_last_user(users: Path) -> None:
    with users.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def _report(name: str, sentence: str) -> None:
    with contextlib.suppress(OSError):  # a full disk: the parts go on
        sys.stderr.write(visible(f"{time.strftime('%H:%M:%S')} {name} {sentence}\n"))


def main() -> None:
    """Run until the users are gone."""
    home = Path(sys.argv[1]).resolve()
    os.umask(0o077)
    asyncio.run(serve(home))


if __name__ == "__main__":
    main()
