"""What `minio_patches` relies on in minio, and why it is needed, in the library as it is."""

import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from minio import Minio
from urllib3 import PoolManager

from objects.minio_patches import READ_S, SLOW_READ_S, TimeoutPool


def test_the_version_is_the_one_that_the_patches_were_written_for() -> None:
    assert version("minio") == "7.2.20"


PRIVATE: list[tuple[Callable[..., Any], set[str]]] = [
    (Minio._create_multipart_upload, {"bucket_name", "object_name", "headers"}),
    (Minio._list_parts, {"bucket_name", "object_name", "upload_id", "part_number_marker"}),
    (Minio._complete_multipart_upload, {"bucket_name", "object_name", "upload_id", "parts"}),
    (Minio._abort_multipart_upload, {"bucket_name", "object_name", "upload_id"}),
    (Minio._list_multipart_uploads, {"bucket_name", "prefix", "key_marker", "upload_id_marker"}),
]


@pytest.mark.parametrize(("call", "parameters"), PRIVATE, ids=lambda each: getattr(each, "__name__", ""))
def test_a_private_call_has_the_parameters_that_are_used(call: Callable[..., Any], parameters: set[str]) -> None:
    assert parameters <= set(inspect.signature(call).parameters)


@pytest.mark.parametrize("call", [call for call, _ in PRIVATE], ids=lambda each: each.__name__)
def test_minio_has_no_public_call_of_the_kind(call: Callable[..., Any]) -> None:
    """When it has, use that one."""
    assert not hasattr(Minio, call.__name__.removeprefix("_"))


def test_minio_has_one_timeout_of_five_minutes_and_no_option_for_it() -> None:
    """TimeoutPool: when the client takes timeouts, give them to it."""
    client = Minio("127.0.0.1:1", access_key="k", secret_key="s" * 8, region="here")
    assert client._http.connection_pool_kw["timeout"].read_timeout == 300
    assert not {name for name in inspect.signature(Minio).parameters if "timeout" in name}
    assert "timeout" not in inspect.getsource(Minio._url_open)


@pytest.mark.parametrize(("method", "seconds"), [("GET", READ_S), ("PUT", READ_S), ("POST", SLOW_READ_S)])
def test_a_request_has_the_timeout_of_its_method(monkeypatch: pytest.MonkeyPatch, method: str, seconds: float) -> None:
    given: list[Any] = []
    monkeypatch.setattr(PoolManager, "urlopen", lambda *_args, **kw: given.append(kw["timeout"]))
    TimeoutPool().urlopen(method, "http://127.0.0.1:1/bucket/key")
    assert [timeout.read_timeout for timeout in given] == [seconds]
