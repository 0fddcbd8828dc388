"""The route that all our endpoints are of: its callers are known before a body is read, JSON comes by our own door."""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import cached_property
from json import JSONDecodeError
from typing import Any, ClassVar, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api.compute import compute
from api.http.authentication import SCOPES_NEEDED, caller_of
from api.http.bodies import SMALL_BODY, metered
from api.http.conditional import conditional
from api.http.dependencies import dependencies
from api.http.problems import faulty
from tablewatch_schemas import ContractError
from tablewatch_schemas.foreign import read_json
from webserver.bodies import BodyBudget
from webserver.problems import repeated_parameters, unknown_parameters

READ_AT_ONCE_BYTES = 64 * 1024
"""In less than 10 ms, whatever it holds."""
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRequest(Request):
    """A request whose JSON is read within limits, and several times as fast: the event loop waits for it."""

    async def json(self) -> Any:
        """The body. Raises JSONDecodeError, which FastAPI knows, also for what is nested too deep."""
        body = await self.body()
        try:
            if len(body) <= READ_AT_ONCE_BYTES:
                return read_json(body)
            # The parser's own limit of depth is enough for a schema; to count to a lower one takes five times as long
            return await compute(read_json, body, max_depth=len(body))
        except ContractError as error:
            raise JSONDecodeError(error.reason, "", 0) from error


class Route(APIRoute):
    """FastAPI's route with a JsonRequest, which knows its caller and the scope before it reads the body."""

    most_body_bytes: ClassVar[int] = SMALL_BODY
    """Bytes that a body of this class of routes may have."""

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names of the query parameters that the operation has; all others are refused, as unknown fields are."""
        return frozenset(name for name, _ in _query_parameters(self.dependant))

    @cached_property
    def lists(self) -> frozenset[str]:
        """Those of them that may be given several times; of another one only the last would be read."""
        return frozenset(name for name, annotation in _query_parameters(self.dependant) if _takes_several(annotation))

    async def authorize(self, request: Request) -> None:
        """Raises what `identify` does, and ScopeMissing; nothing for a route that takes everybody."""
        scopes = [SCOPES_NEEDED[call] for call in _calls(self.dependant) if call in SCOPES_NEEDED]
        if scopes:
            caller = await caller_of(request, dependencies(request))
            for scope in scopes:
                if scope is not None:
                    caller.require(scope)

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, which would read the body first."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            wrong = self._wrong_parameters(request)
            if wrong or self.body_field is not None:
                await self.authorize(request)
            if wrong:
                raise faulty(wrong)
            with self.opened(request) as within_limits:
                return conditional(request, await inner(within_limits))

        return handle

    def _wrong_parameters(self, request: Request) -> list[dict[str, str]]:
        given = Counter(name for name, _ in request.query_params.multi_items())
        unknown = [name for name in given if name not in self.parameters]
        repeated = [name for name in given if given[name] > 1 and name in self.parameters - self.lists]
        return unknown_parameters(unknown) + repeated_parameters(repeated)

    @contextmanager
    def opened(self, request: Request) -> Iterator[JsonRequest]:
        """The request with a limited body, whose bytes count until it ends. Raises BodyRefused.

        Once for each request, because a body can be read once.
        """
        if isinstance(request, JsonRequest):
            yield request
            return
        budget: BodyBudget = request.app.state.body_budget
        with budget.holding(_holder(request)) as held:
            yield JsonRequest(request.scope, metered(request, self.most_body_bytes, held))


def _holder(request: Request) -> str:
    """Whose body it is: that of a key, or of somebody unknown."""
    return request.state.caller.key_id if hasattr(request.state, "caller") else ""


def _calls(dependant: Dependant) -> Iterator[Any]:
    """What a route calls before its endpoint."""
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)


def _query_parameters(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Name and type of those of a route and of what it depends on."""
    yield from ((field.alias, field.field_info.annotation) for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _query_parameters(each)


def _takes_several(annotation: Any) -> bool:
    return get_origin(annotation) in (list, set, tuple) or any(_takes_several(each) for each in get_args(annotation))
