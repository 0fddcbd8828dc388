"""Documents of REST have the fields of their topics; one that a document lacks is left out of the response."""

from typing import Any

import pytest
from fastapi import FastAPI

from api.http.app import ROUTERS
from tablewatch_schemas.contracts import schema


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    app = FastAPI()
    for each in ROUTERS:
        app.include_router(each.router)
    shown: dict[str, Any] = app.openapi()["components"]["schemas"]
    return shown


@pytest.mark.parametrize(("document", "without"), [("State", set()), ("StateTransition", {"expires_at"})])
def test_a_field_of_table_state_is_one_of_the_document(
    documents: dict[str, Any], document: str, without: set[str]
) -> None:
    """A transition has `until` instead of when the state would have expired."""
    assert set(schema("table.state")["properties"]) - without <= set(documents[document]["properties"])
