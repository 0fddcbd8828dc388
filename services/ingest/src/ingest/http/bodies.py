"""Bodies that are kept whole, within the budget of the process."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from ingest.refusals import TooManyBodies
from webserver.bodies import BodyBudget, BudgetSpent, HeldBody


@contextmanager
def held_body(request: Request) -> Iterator[HeldBody]:
    """The body of a request whose token is known; its bytes count until the context ends. Raises TooManyBodies."""
    budget: BodyBudget = request.app.state.body_budget
    try:
        with budget.holding(request.state.site_id) as held:
            yield held
    except BudgetSpent:
        # The rest of the body is not wanted
        raise TooManyBodies(headers={"Retry-After": "1", "Connection": "close"}) from None
