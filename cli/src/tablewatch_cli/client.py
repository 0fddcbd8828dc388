"""The REST API as the commands need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tablewatch_cli import web
from tablewatch_cli.errors import ApiUnreachable, CliError, Exit, NoAnswer
from tablewatch_cli.settings import Target
from tablewatch_schemas import ContractError
from tablewatch_schemas.foreign import read_json, read_object

Document = dict[str, Any]

BY_OPTION = {"site_required": "The key opens several sites: name one with --site (`tablewatch sites list`)."}
"""Sentences of problems that name a field of the API, where an option of the command has another name."""


class Api:
    """A thin client. A problem (RFC 9457) is raised as CliError with the server's code and detail."""

    def __init__(self, target: Target, transport: httpx.BaseTransport | None = None) -> None:
        self._http = web.client(
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

    def tagged(self, path: str) -> tuple[Document, str | None]:
        """With the ETag of what was read, for If-Match."""
        response = self._response("GET", path)
        return answer(response, f"{self._http.base_url}{path}"), response.headers.get("etag")

    def post(self, path: str, body: Mapping[str, Any]) -> Document:
        return self._call("POST", path, json=_present(body))

    def put(
        self, path: str, body: Mapping[str, Any], *, if_match: str | None = None, if_none_match: str | None = None
    ) -> Document:
        headers = _present({"If-Match": if_match, "If-None-Match": if_none_match})
        return self._call("PUT", path, json=_present(body), headers=headers)

    def patch(self, path: str, body: Mapping[str, Any], *, if_match: str | None = None) -> Document:
        """Null is sent: it takes a choice back."""
        return self.send("PATCH", path, body, if_match=if_match)

    def send(self, method: str, path: str, body: Mapping[str, Any], *, if_match: str | None = None) -> Document:
        """A body as it is, null among it."""
        return self._call(method, path, json=dict(body), headers=_present({"If-Match": if_match}))

    def check(self, path: str, body: Mapping[str, Any]) -> None:
        """Post what is answered by nothing, if all is well with it."""
        self._none("POST", path, json=dict(body))

    def delete(self, path: str) -> None:
        self._none("DELETE", path)

    def _none(self, method: str, path: str, **request: Any) -> None:
        response = self._response(method, path, **request)
        if response.status_code != httpx.codes.NO_CONTENT:
            answer(response, f"{self._http.base_url}{path}")

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Document]:
        """Every item of a paged list: documents of the form {"items": [...], "next_cursor": ... | null}."""
        cursor: str | None = None
        while True:
            page = self.get(path, {**(params or {}), "cursor": cursor})
            items = page["items"]
            if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
                raise NoAnswer(f"{self._http.base_url}{path}: its items are no list of objects")
            yield from items
            before, cursor = cursor, page.get("next_cursor")
            if cursor is None:
                return
            if not isinstance(cursor, str) or cursor == before:
                raise NoAnswer(f"{self._http.base_url}{path}: its pages do not end")

    def _call(self, method: str, path: str, **request: Any) -> Document:
        return answer(self._response(method, path, **request), f"{self._http.base_url}{path}")

    def _response(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return web.request(self._http, method, path, **request)
        except httpx.HTTPError as error:
            raise ApiUnreachable(f"{self._http.base_url}: {error or type(error).__name__}") from error


class Answer(dict[str, Any]):
    """An object of an answer. A field that it lacks raises NoAnswer: whoever answered is not the API as we know it."""

    def __missing__(self, name: str) -> Any:
        raise NoAnswer(f"The answer has no field {name}.")


_JOB: dict[str, type | tuple[type, ...]] = {
    "status": str,
    "stage": str,
    "video_id": str,
    "run_id": str,
    "frames": (dict, type(None)),
    "error": (dict, type(None)),
    "waiting": (dict, type(None)),
    "progress": (int, float, type(None)),
}


def checked_job(document: Document) -> Document:
    """A job document whose fields, where it has them, are of the types that the commands count on. Raises NoAnswer."""
    wrong = [name for name, kind in _JOB.items() if name in document and not isinstance(document[name], kind)]
    if wrong:
        raise NoAnswer(f"In the job, {wrong[0]} is of another type.")
    return document


def answer(response: httpx.Response, url: str) -> Document:
    """The document of a response. Raises NoAnswer, and CliError with the server's code for a problem."""
    if response.is_redirect:
        raise NoAnswer(f"{url} redirects to {response.headers.get('location', 'nowhere')}.")
    if response.is_error:
        raise problem(response.status_code, response.content, from_api=True)
    try:
        document = read_json(response.content)
    except ContractError as error:
        raise NoAnswer(f"{url}: {error.reason}") from error
    if not isinstance(document, dict):
        raise NoAnswer(f"{url}: the answer is no JSON object.")
    return Answer({name: _strict(value) for name, value in document.items()})


def _strict(value: object) -> object:
    if isinstance(value, dict):
        return Answer({name: _strict(each) for name, each in value.items()})
    return [_strict(each) for each in value] if isinstance(value, list) else value


def problem(status: int, content: bytes, *, from_api: bool = False) -> CliError:
    """The CliError of an application/problem+json response, or of any other with an error status.

    Without a code of ours a proxy or another server answered; where it was asked `from_api`, the address is wrong.
    """
    document = read_object(content) or {}
    if status < 400:
        return NoAnswer(f"The answer {status} lacks what the request needs.")
    if code := document.get("code"):
        sentence = document.get("detail") or document.get("title") or f"the server answered {status}"
        reason = BY_OPTION.get(str(code), str(sentence)) if from_api else str(sentence)
        return CliError(str(code), reason, Exit.REFUSED if status < 500 else Exit.UNREACHABLE)
    reason = f"the server answered {status}, and not as the API does: a proxy, or a wrong address (TABLEWATCH_URL)"
    return CliError(f"http_{status}", reason, Exit.UNREACHABLE if from_api or status >= 500 else Exit.REFUSED)


def _present(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}
