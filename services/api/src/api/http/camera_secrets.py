"""Sealing user names and passwords of cameras, of probes and of discoveries, for the extractor alone."""

from contextlib import AbstractAsyncContextManager, nullcontext

from api.compute import compute
from api.http.dependencies import Deps
from api.http.documents.cameras import Source, credentials_of
from api.http.errors import CredentialsUnavailable
from credentials import Credentials, seal
from objects.store import Gone
from tablewatch_schemas import keys


def place_for(deps: Deps, source: Source | None) -> AbstractAsyncContextManager[None]:
    """To write an object from, where there is something to seal."""
    return nullcontext() if source is None or credentials_of(source) is None else deps.store_writes.place()


async def sealed(deps: Deps, site_id: str, owner_id: str, source: Source) -> str | None:
    """Store user name and password for the extractor alone; the key of the object, or that given where there are none.

    The object first: nothing may name credentials that cannot be read. `owner_id`: of the camera or probe. Raises
    CredentialsUnavailable.
    """
    given = credentials_of(source)
    return source.secret_ref if given is None else await stored(deps, site_id, owner_id, str(source.address), given)


async def stored(deps: Deps, site_id: str, owner_id: str, address: str, given: Credentials) -> str:
    """As `sealed`; `address`: the only one that the extractor uses them for, empty of a discovery."""
    try:
        pem = await deps.objects.get(keys.EXTRACTOR_KEY)
    except Gone as error:
        raise CredentialsUnavailable("No extractor that reads cameras has started yet; try again later.") from error
    key = keys.camera_secret(site_id, owner_id)
    await deps.objects.put(key, await compute(seal, pem, owner_id, address, given))
    return key
