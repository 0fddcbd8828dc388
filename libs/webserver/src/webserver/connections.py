"""The open connections of a server: how many, from where, and which are overdue."""

import logging
import resource
from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from webserver.addresses import counted_as
from webserver.limits import HttpLimits
from webserver.rejections import SERVER_FULL, TOO_MANY_CONNECTIONS, Rejection

_log = logging.getLogger("webserver")
LONG_S = 0.25
MOST_REJECTED = 64
"""Connections over the limit that are open at a time to hear why; one more ends the oldest."""


class Observer(Protocol):
    """Takes what a server counts."""

    def connections(self, number: int) -> None:
        """So many are open."""
        ...

    def rejected(self, code: str) -> None:
        """One was answered by the server itself, or ended (`idle_evicted`, `answer_timeout`)."""
        ...


class Unobserved:
    """Of a server that nobody watches."""

    def connections(self, number: int) -> None:
        """Nothing."""

    def rejected(self, code: str) -> None:
        """Nothing."""


class OpenConnection(Protocol):
    """What the table asks of a connection. `now` is the loop's time, s."""

    def waits_since(self) -> float | None:
        """Since when it waits for a request or for the rest of its head; None while it has a request."""
        ...

    def abort(self) -> None:
        """End it at once."""
        ...

    def end_if_overdue(self, now: float) -> None:
        """Compare it with its deadlines."""
        ...


class ConnectionTable:
    """Connections by address, oldest first.

    At a limit the oldest connection that has no request makes room, so that half-sent heads keep nobody out; only where
    each of them has a request is the new one rejected. A connection of a trusted proxy counts for nobody: its requests
    count for their clients.
    """

    def __init__(self, limits: HttpLimits, observer: Observer) -> None:
        self.limits, self.observer = limits, observer
        self._most = most_connections(limits)
        self._open: dict[OpenConnection, str | None] = {}
        self._by_address: dict[str, dict[OpenConnection, None]] = {}
        self._rejected: dict[OpenConnection, None] = {}
        self._requests: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: OpenConnection, host: str, now: float) -> Rejection | None:
        """Take a new connection in; why it is not taken, where it is not."""
        name = None if host in self.limits.proxies else counted_as(host)
        rejection = self._without_room(name, now)
        if rejection is not None:
            self._rejected[connection] = None
            if len(self._rejected) > MOST_REJECTED:
                next(iter(self._rejected)).abort()
            return rejection
        self._open[connection] = name
        if name is not None:
            self._by_address.setdefault(name, {})[connection] = None
        self.observer.connections(len(self._open))
        return None

    def remove(self, connection: OpenConnection) -> None:
        """It is closed; nothing where it was removed before."""
        self._rejected.pop(connection, None)
        name = self._open.pop(connection, None)
        if name is not None:
            held = self._by_address[name]
            held.pop(connection, None)
            if not held:
                del self._by_address[name]
        self.observer.connections(len(self._open))

    def begin_request(self, client: str) -> bool:
        """Count a request that a trusted proxy passes on; whether its client may have one more."""
        name = counted_as(client)
        if self._requests[name] >= self.limits.connections_per_address:
            return False
        self._requests[name] += 1
        return True

    def end_request(self, client: str) -> None:
        """The request is answered."""
        name = counted_as(client)
        self._requests[name] -= 1
        if self._requests[name] <= 0:
            del self._requests[name]

    def sweep(self, now: float) -> None:
        """End what is overdue. One that cannot be judged is ended too, so that the others keep their deadlines."""
        for connection in (*self._open, *self._rejected):
            try:
                connection.end_if_overdue(now)
            except Exception:  # noqa: BLE001 (whatever it is, it is about this connection)
                _log.exception("deadline_not_checked")
                connection.abort()

    def _without_room(self, name: str | None, now: float) -> Rejection | None:
        held = {} if name is None else self._by_address.get(name, {})
        if len(held) >= self.limits.connections_per_address and not self._evict(held, now):
            return TOO_MANY_CONNECTIONS
        if len(self._open) >= self._most and not self._evict(self._open, now):
            return SERVER_FULL
        return None

    def _evict(self, among: dict[OpenConnection, None] | dict[OpenConnection, str | None], now: float) -> bool:
        oldest = _waits_longest(among, now)
        if oldest is None:
            return False
        self.remove(oldest)
        self.observer.rejected("idle_evicted")
        oldest.abort()
        return True


def _waits_longest(among: Iterable[OpenConnection], now: float) -> OpenConnection | None:
    """The one that waits longest; the first found that waits long enough for no head to be on its way."""
    found, since = None, now
    for each in among:
        waits = each.waits_since()
        if waits is not None and (found is None or waits < since):
            found, since = each, waits
            if now - since >= LONG_S:
                break
    return found


def most_connections(limits: HttpLimits) -> int:
    """The limit, or what the process's open files leave to it; the soft limit of files is raised as far as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + limits.reserved_files
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(limits.connections, soft - limits.reserved_files))
