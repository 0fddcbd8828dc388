"""Who changes something."""

from api.http.dependencies import HttpDependencies
from api.model.access import Caller
from api.store import keys
from api.store.layouts import Author


async def author_of(deps: HttpDependencies, caller: Caller) -> Author:
    """The caller's key; by the owner's pool, as row security hides keys. Ask before a transaction begins."""
    async with deps.pool.acquire() as conn:
        return Author(caller.key_id, await keys.name(conn, caller.key_id))
