"""The REST API as the commands need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tablewatch_cli.errors import CliError, Exit
from tablewatch_cli.settings import Target

Document = dict[str, Any]


class Api:
    """A thin, typed client. Problems (RFC 9457) become `CliError` with the server's own code and sentence."""

    def __init__(self, target: Target, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=target.api_url,
            headers={"Authorization": f"Bearer {target.key}"},
            timeout=httpx.Timeout(30, connect=5),
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Document:
        return self._call("GET", path, params=_present(params))

    def post(self, path: str, body: Mapping[str, Any]) -> Document:
        return self._call("POST", path, json=_present(body))

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Document]:
        """Every item of a paged list: documents of the form {"items": [...], "next_cursor": ... | null}."""
        cursor: str | None = None
        while True:
            page = self.get(path, {**(params or {}), "cursor": cursor})
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def _call(self, method: str, path: str, **request: Any) -> Document:
        try:
            response = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            said = f"the API does not answer at {self._http.base_url} ({error}): `tablewatch check` says what is down"
            raise CliError("api_unreachable", said, Exit.UNREACHABLE) from error
        if response.is_error:
            raise problem(response.status_code, response.content)
        document: Document = response.json()
        return document


def problem(status: int, content: bytes) -> CliError:
    """The CliError that says what an application/problem+json answer says."""
    try:
        said = httpx.Response(status, content=content).json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {}
    code = str(said.get("code") or f"http_{status}")
    reason = str(said.get("detail") or said.get("title") or f"the server answered {status}")
    return CliError(code, reason, Exit.REFUSED if status < 500 else Exit.UNREACHABLE)


def _present(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}
