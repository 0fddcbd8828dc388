"""What `ingest.borrowed_body` patches in uvicorn: it is still as it was read, and the patch is still needed."""

import asyncio
import tracemalloc
from importlib import metadata
from typing import Any
from unittest.mock import Mock

import pytest
from uvicorn import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

BODY = b"x" * (4 * 1024 * 1024)
HEAD = b"PATCH / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(BODY)
READ_AGAIN = "ingest/borrowed_body.py builds on uvicorn's inner parts: read them again, then change this test"


class Receiving:
    """uvicorn's protocol over a transport that goes nowhere, and an app that waits to be asked for the body."""

    def __init__(self) -> None:
        self.scope: Any = None
        self.receive: Any = None
        self.called = asyncio.Event()
        config = Config(self._app, interface="asgi3", log_config=None)
        self.protocol = HttpToolsProtocol(config, ServerState(), {})
        transport = Mock(spec=asyncio.Transport)
        transport.get_extra_info.return_value = None
        transport.is_closing.return_value = False
        self.protocol.connection_made(transport)

    async def _app(self, scope: Any, receive: Any, _send: Any) -> None:
        self.scope, self.receive = scope, receive
        self.called.set()
        await asyncio.Event().wait()


@pytest.fixture
async def receiving() -> Receiving:
    found = Receiving()
    found.protocol.data_received(HEAD)
    await found.called.wait()
    return found


def test_it_is_the_version_that_was_read() -> None:
    assert metadata.version("uvicorn") == "0.54.0", READ_AGAIN


async def test_the_parts_that_the_patch_uses_are_there(receiving: Receiving) -> None:
    protocol = receiving.protocol
    cycle = protocol.cycle
    assert isinstance(cycle, RequestResponseCycle), READ_AGAIN
    assert cycle.scope is protocol.scope is receiving.scope, READ_AGAIN
    assert (cycle.body, cycle.more_body, cycle.disconnected, cycle.response_complete) == (b"", True, False, False)
    assert isinstance(cycle.message_event, asyncio.Event), READ_AGAIN
    assert isinstance(protocol.flow, FlowControl), READ_AGAIN
    assert dict(protocol.headers)[b"content-length"] == str(len(BODY)).encode()
    assert callable(protocol._unset_keepalive_if_required)
    assert {"on_message_begin", "parser", "transport"} <= set(dir(protocol)), READ_AGAIN


async def test_receive_resumes_reading_waits_for_the_event_and_takes_what_is_said_of_more(receiving: Receiving) -> None:
    cycle = receiving.protocol.cycle
    receiving.protocol.flow.pause_reading()
    waiting = asyncio.ensure_future(receiving.receive())
    await asyncio.sleep(0)
    assert not receiving.protocol.flow.read_paused, READ_AGAIN
    assert not waiting.done()
    cycle.more_body = False
    cycle.message_event.set()
    assert await waiting == {"type": "http.request", "body": b"", "more_body": False}, READ_AGAIN


async def test_the_patch_is_needed_while_a_body_is_copied_four_times(receiving: Receiving) -> None:
    needless = "uvicorn copies less: measure again (docs/decisions/0026), maybe ingest/borrowed_body.py can go"
    assert not issubclass(HttpToolsProtocol, asyncio.BufferedProtocol), needless  # so the loop makes bytes: one
    tracemalloc.start()
    try:
        receiving.protocol.data_received(BODY)
        _, fed = tracemalloc.get_traced_memory()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        await receiving.receive()
        _, received = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert fed >= 2 * len(BODY), needless  # the parser's bytes, and the bytearray they are added to
    assert received - held >= len(BODY), needless  # the bytes of the ASGI message
