"""How many wrong keys an address may try. Pure; the time, monotonic seconds, is passed in."""

from collections import OrderedDict

from webserver.addresses import counted_as

MOST_ADDRESSES = 65_536
"""About 12 MB. With more, the one that failed longest ago is forgotten."""


class FailedAttempts:
    """A leaky bucket for each address (GCRA, ITU-T I.371): `burst` failures at once, then `burst` a minute.

    Counts failures only, so an address with good keys is never slowed. One number is kept for each address that
    failed lately: when its bucket will be empty.
    """

    def __init__(self, burst: int, *, most_addresses: int = MOST_ADDRESSES) -> None:
        self._burst, self._each_s, self._most = burst, 60.0 / burst, most_addresses
        self._empty_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._empty_at)

    def retry_after(self, host: str, now: float) -> float:
        """Seconds until the address may try another unknown key; 0 when it may now."""
        empty_at = self._empty_at.get(counted_as(host), now)
        return max(0.0, empty_at - now - self._each_s * (self._burst - 1))

    def failed(self, host: str, now: float) -> None:
        """Count a wrong key."""
        name = counted_as(host)
        full = now + self._burst * self._each_s
        self._empty_at[name] = min(max(self._empty_at.pop(name, now), now) + self._each_s, full)
        while len(self._empty_at) > self._most or next(iter(self._empty_at.values())) <= now:
            self._empty_at.popitem(last=False)
