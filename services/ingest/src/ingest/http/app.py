"""The application: routes, tokens, CORS."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.exceptions import HTTPException

from chassis.clock import Clock
from ingest.http import multipart, plain, tus
from ingest.http.method_override import MethodOverride
from ingest.http.openapi import complete_openapi
from ingest.http.problems import (
    UNAVAILABLE,
    on_http_exception,
    on_refusal,
    on_unavailable,
    on_unexpected,
    refuse_query,
)
from ingest.http.rate_limit import RequestLimiter
from ingest.refusals import PartsUnsupported, Refusal, TokenInvalid, TokenMismatch, TooManyWrongTokens
from ingest.tokens import BASE, UploadToken, read_token
from ingest.upload.multipart import MultipartService
from ingest.upload.service import UploadService
from webserver.bodies import BodyBudget
from webserver.wrong_keys import WrongKeys

_EXPOSED = [
    *("Location", "Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Expires", "Upload-Metadata"),
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm", "Retry-After"),
    *("RateLimit", "RateLimit-Policy"),
]

router = APIRouter(prefix=BASE, dependencies=[Depends(refuse_query)])


def make_app(
    service: UploadService,
    secret: SecretStr,
    origins: Sequence[str],
    clock: Clock,
    limiter: RequestLimiter,
    wrong_keys: WrongKeys,
    body_budget: BodyBudget,
    multipart_service: MultipartService | None = None,
) -> FastAPI:
    """The application; `secret` signs the upload tokens, `multipart_service` is None unless objects are in S3."""
    # A redirect would name the address that the proxy asked for, not that of the client
    app = FastAPI(
        title="tablewatch ingest",
        version="1",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_name,
        redirect_slashes=False,
    )
    app.state.service, app.state.multipart = service, multipart_service
    app.state.secret, app.state.clock = secret, clock
    app.state.limiter, app.state.wrong_keys = limiter, wrong_keys
    app.state.body_budget = body_budget
    app.add_middleware(MethodOverride)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=600,
    )
    app.add_exception_handler(Refusal, on_refusal)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Exception, on_unexpected)
    for unavailable in UNAVAILABLE:
        app.add_exception_handler(unavailable, on_unavailable)
    # The one request that comes by the thousand: first, and without the cost of FastAPI's dependencies
    app.add_route(f"{BASE}/{{video_id}}", append, methods=["PATCH"])
    app.state.routes = [app.routes[-1], *router.routes]
    app.include_router(router)
    complete_openapi(app)
    return app


async def _service(request: Request) -> UploadService:
    service: UploadService = request.app.state.service
    return service


async def _multipart(request: Request) -> MultipartService:
    service: MultipartService | None = request.app.state.multipart
    if service is None:
        raise PartsUnsupported
    return service


async def _any_token(request: Request) -> UploadToken:
    state = request.app.state
    try:
        token = read_token(request.headers.get("authorization"), state.secret, state.clock.now())
    except TokenInvalid:
        _count_wrong(state.wrong_keys, request.client.host if request.client else "")
        raise
    limiter: RequestLimiter = state.limiter
    await limiter.take(token)
    request.state.site_id = token.run.site_id
    return token


def _count_wrong(wrong_keys: WrongKeys, host: str) -> None:
    """Raises TooManyWrongTokens. Tokens are checked without Postgres, so one that is valid always works."""
    if wait_s := wrong_keys.retry_after_s(host):
        wrong_keys.limited("upload_token")
        raise TooManyWrongTokens(headers={"Retry-After": str(wait_s)})
    wrong_keys.wrong(host, "upload_token")


async def _own_token(video_id: str, token: Annotated[UploadToken, Depends(_any_token)]) -> UploadToken:
    if token.video_id != video_id:
        raise TokenMismatch
    return token


Service = Annotated[UploadService, Depends(_service)]
Multipart = Annotated[MultipartService, Depends(_multipart)]
AnyToken = Annotated[UploadToken, Depends(_any_token)]
OwnToken = Annotated[UploadToken, Depends(_own_token)]


def _name(route: APIRoute) -> str:
    """Operation id: create_parts, not create_parts_v1_uploads__video_id__parts_post."""
    return route.name


@router.options("", status_code=204, operation_id="get_protocol")
@router.options("/", status_code=204, include_in_schema=False)
async def describe() -> Response:
    """tus: versions and extensions of this server."""
    return tus.describe()


@router.options("/{video_id}", status_code=204, operation_id="get_protocol_of_upload")
async def describe_upload(video_id: str) -> Response:
    """tus: the same, for clients that ask at the upload."""
    return tus.describe()


@router.post("", status_code=201, operation_id="create_upload")
@router.post("/", status_code=201, include_in_schema=False)
async def create(request: Request, service: Service, token: AnyToken) -> Response:
    """tus creation: begin the upload of the token."""
    return await tus.create(service, request, token)


@router.head("/{video_id}", operation_id="get_offset")
async def head(request: Request, service: Service, token: OwnToken) -> Response:
    """tus: offset and length."""
    return await tus.head(service, request, token.video_id)


async def append(request: Request) -> Response:
    """tus: add bytes at the offset."""
    await refuse_query(request)
    token = await _own_token(request.path_params["video_id"], await _any_token(request))
    return await tus.append(await _service(request), request, token.video_id)


@router.delete("/{video_id}", status_code=204, operation_id="terminate_upload")
async def terminate(request: Request, service: Service, token: OwnToken) -> Response:
    """tus termination: end the upload and delete its bytes."""
    return await tus.terminate(service, request, token.video_id)


@router.get("/{video_id}", operation_id="get_upload")
async def status(service: Service, token: OwnToken) -> Response:
    """Status and offset, as JSON."""
    return await plain.status(service, token.video_id)


@router.post("/{video_id}/content", status_code=201, operation_id="send_content")
@router.put("/{video_id}/content", status_code=201, operation_id="put_content")
async def content(request: Request, service: Service, token: OwnToken) -> Response:
    """The whole file as the body of one request."""
    return await plain.content(service, request, token)


@router.post("/{video_id}/parts", status_code=201)
async def create_parts(request: Request, token: OwnToken, service: Multipart) -> Response:
    """Begin a multipart upload, straight to the bucket."""
    return await multipart.create(service, request, token)


@router.get("/{video_id}/parts")
async def list_parts(request: Request, token: OwnToken, service: Multipart) -> Response:
    """The parts that have arrived."""
    return await multipart.list_parts(service, request, token)


@router.post("/{video_id}/parts/sign")
async def sign_parts(request: Request, token: OwnToken, service: Multipart) -> Response:
    """Links to PUT parts to."""
    return await multipart.sign(service, request, token)


@router.post("/{video_id}/parts/complete", status_code=201)
async def complete_parts(request: Request, token: OwnToken, service: Multipart, uploads: Service) -> Response:
    """Make the file of the parts and examine it."""
    return await multipart.complete(service, uploads, request, token)


@router.delete("/{video_id}/parts", status_code=204)
async def abort_parts(request: Request, token: OwnToken, service: Multipart) -> Response:
    """End the upload and delete its parts."""
    return await multipart.abort(service, request, token)
