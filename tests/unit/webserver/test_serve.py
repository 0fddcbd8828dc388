"""What `webserver` patches in uvicorn: it is still as it was read, and still needed."""

from functools import partial
from importlib import metadata
from typing import Any
from unittest.mock import Mock

import pytest
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from webserver.connection import ABORT, Connection
from webserver.connections import ConnectionTable, Unobserved
from webserver.limits import DEFAULTS

READ_AGAIN = "read webserver/connection.py beside the new uvicorn, then change this"
NEEDLESS = "uvicorn does this now: may a part of webserver/connection.py go?"
HEAD = b"GET / HTTP/1.1\r\nhost: a\r\n"


async def _app(_scope: object, _receive: object, _send: object) -> None: ...


def _connected(protocol: Any) -> HttpToolsProtocol:
    made: HttpToolsProtocol = protocol(
        config=Config(_app, interface="asgi3", log_config=None), server_state=ServerState(), app_state={}
    )
    transport = Mock()
    transport.get_extra_info.return_value = None
    transport.is_closing.return_value = False
    made.connection_made(transport)
    return made


def _ours() -> HttpToolsProtocol:
    return _connected(partial(Connection, ConnectionTable(DEFAULTS, Unobserved())))


async def test_an_app_can_abort_its_connection() -> None:
    connection = _ours()
    connection.on_message_begin()
    connection.scope["extensions"][ABORT]["call"]()
    connection.transport.abort.assert_called_once_with()


async def test_it_is_the_version_that_was_read() -> None:
    assert metadata.version("uvicorn") == "0.54.0", READ_AGAIN


async def test_the_parts_that_the_patch_uses_are_there() -> None:
    connection = _connected(HttpToolsProtocol)
    connection.data_received(HEAD + b"\r\n")
    assert {"url", "headers", "parser", "pipeline", "flow", "client", "app", "scope", "cycle"} <= set(vars(connection))
    cycle = connection.cycle
    used = {"transport", "keep_alive", "disconnected", "message_event", "response_started", "response_complete"}
    assert used | {"waiting_for_100_continue"} <= set(vars(cycle)), READ_AGAIN
    assert cycle.on_response == connection.on_response_complete, READ_AGAIN
    assert callable(connection._unset_keepalive_if_required)


async def test_uvicorn_offers_no_extensions_of_its_own() -> None:
    connection = _connected(HttpToolsProtocol)
    connection.on_message_begin()
    assert "extensions" not in connection.scope, "Connection overwrites them; is it still needed?"


async def test_the_patch_is_needed_while_a_head_has_no_limit() -> None:
    connection = _connected(HttpToolsProtocol)
    connection.data_received(HEAD + b"x: " + b"y" * (1 << 20))
    connection.transport.write.assert_not_called()


async def test_the_patch_is_needed_while_trailers_become_headers() -> None:
    connection = _connected(HttpToolsProtocol)
    connection.data_received(HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\nauthorization: x\r\n\r\n")
    assert (b"authorization", b"x") in connection.scope["headers"], NEEDLESS


async def test_the_patch_is_needed_while_an_error_is_written_into_another_answer() -> None:
    connection = _connected(HttpToolsProtocol)
    connection.data_received(HEAD + b"\r\n")
    connection.cycle.response_started = True
    connection.data_received(b"\x00")
    assert connection.transport.write.called, NEEDLESS  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [16, 100])
async def test_the_patch_is_needed_while_requests_pile_up(number: int) -> None:
    connection = _connected(HttpToolsProtocol)
    connection.data_received((HEAD + b"\r\n") * (number + 1))
    assert len(connection.pipeline) == number, NEEDLESS
