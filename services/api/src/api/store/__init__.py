"""The SQL, by noun. Every read is bound to the caller's sites: `sites` is a list, or None for a key without a wall."""

from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
Sites = list[str] | None
Json = dict[str, Any]
