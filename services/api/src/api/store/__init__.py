"""The SQL of the api, by noun. Every read is bound to the caller's sites (`Sites`), and row security binds it again."""

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
