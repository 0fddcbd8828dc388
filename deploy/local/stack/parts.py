"""Kafka and Postgres alone, for tests: shared by all pytest workers, ended when the last of them is gone.

usage: python -m stack.parts HOME

Whoever uses them holds a shared lock on HOME/users. This process ends when it can have that lock for itself, so that
nothing is left behind however the users end.
"""

import asyncio
import fcntl
import json
import os
import secrets
import sys
import time
from pathlib import Path

from stack import topics
from stack.infrastructure import kafka_part, postgres_part
from stack.kafka import Kafka
from stack.keeper import Keeper
from stack.ports import free_ports
from stack.postgres import Postgres, create_database
from stack.settings import JARS, REPO

PARTITIONS = 6


async def serve(home: Path) -> None:
    """Start both, write HOME/ready.json, and stay until the users are gone."""
    kafka_port, controller_port, postgres_port = free_ports(3)
    kafka = Kafka(home=home / "kafka", jars=JARS, port=kafka_port, controller_port=controller_port)
    postgres = Postgres(home=home / "postgres", port=postgres_port, password=secrets.token_urlsafe(18))
    keepers = [Keeper(part, tell=_tell) for part in (kafka_part(kafka), postgres_part(postgres))]
    try:
        await asyncio.gather(*(keeper.start() for keeper in keepers))
        await create_database(postgres)
        await topics.create(kafka.bootstrap, topics.wanted(REPO), PARTITIONS)
        _write(home / "ready.json", {"kafka_bootstrap": kafka.bootstrap, "database_url": postgres.url()})
        await asyncio.to_thread(_wait_until_alone, home / "users")
    finally:
        await asyncio.gather(*(keeper.stop() for keeper in keepers))


def _wait_until_alone(users: Path) -> None:
    with users.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def _write(path: Path, document: dict[str, str]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(document))
    fresh.rename(path)


def _tell(name: str, sentence: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {name} {sentence}\n")


def main() -> None:
    """Run until the users are gone."""
    home = Path(sys.argv[1]).resolve()
    os.umask(0o077)
    asyncio.run(serve(home))


if __name__ == "__main__":
    main()
