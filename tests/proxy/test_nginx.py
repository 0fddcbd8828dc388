"""The whole stack below a path of a real nginx with TLS: as we document it, and as a proxy that knows nothing of us."""

import json
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from stack.ports import free_base
from tests.support.pipeline import make_site, ok, wait_done
from tests.support.private_stack import REPO, PrivateStack, until
from tusclient.client import TusClient

pytestmark = pytest.mark.timeout(900)
CONF = REPO / "deploy" / "nginx" / "tablewatch.conf"
PREFIX = "/tablewatch"
KNOWS_US = re.compile(r"^ *proxy_set_header (Host|X-Forwarded-Prefix) .*\n", re.MULTILINE)


@pytest.fixture(scope="module")
def port() -> int:
    return free_base([0, 1], 29_000)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[PrivateStack]:
    public = f"https://localhost:{port}{PREFIX}"
    settings = {
        "PUBLIC_URL": public, "INGEST_PUBLIC_URL": f"{public}/upload", "API_COOKIE_SECURE": "true",
        "HTTP_TRUSTED_PROXIES": "127.0.0.1",
    }  # fmt: skip
    private = PrivateStack(tmp_path_factory.mktemp("stack") / "home", settings=settings)
    try:
        yield private.start()
    finally:
        private.stop_if_up()


@pytest.fixture(scope="module")
def files() -> Path:
    subprocess.run([sys.executable, REPO / "deploy" / "demo" / "make.py", "--home", REPO / ".local"], check=True)
    return REPO / ".local" / "demo"


@contextmanager
def nginx(folder: Path, stack: PrivateStack, port: int, locations: str) -> Iterator[Path]:
    """An nginx of our own in the foreground, with a certificate for localhost; the certificate."""
    folder.mkdir()
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert]
    subprocess.run([*made, *subject], check=True, capture_output=True)
    run = stack.run()
    for name, local in (("api_url", "127.0.0.1:8700"), ("ingest_url", "127.0.0.1:8701")):
        locations = locations.replace(local, urlsplit(run[name]).netloc)
    scratch = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{scratch}\n"
        f"server {{\nlisten 127.0.0.1:{port} ssl;\nssl_certificate {cert};\nssl_certificate_key {key};\n"
        f"{locations}}}\n}}\n"
    )
    words = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    process = subprocess.Popen(words)
    try:
        until(lambda: True if (folder / "pid").exists() else None, 20, f"the start of nginx: {process.poll()}")
        yield cert
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("style", ["as documented", "knows nothing of us"])
def test_everything_works_below_a_prefix(
    style: str, stack: PrivateStack, port: int, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = CONF.read_text()
    with nginx(tmp_path / "nginx", stack, port, conf if style == "as documented" else KNOWS_US.sub("", conf)) as cert:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))  # tuspy's
        base = f"https://localhost:{port}{PREFIX}"
        headers = {"Authorization": f"Bearer {stack.run()['key']}"}
        trust = ssl.create_default_context(cafile=str(cert))
        with httpx.Client(verify=trust, headers=headers, timeout=60, trust_env=False, follow_redirects=True) as client:
            _the_page(client, base)
            _a_browser_signs_in(trust, base, stack.run()["key"])
            below = _Below(client, base)
            _locations(below)
            _upload_and_events(below, files)


class _Below(httpx.Client):
    """A client of the API below the prefix."""

    def __init__(self, client: httpx.Client, base: str) -> None:
        super().__init__(
            transport=client._transport, base_url=base, headers=client.headers, timeout=60, trust_env=False
        )


def _the_page(client: httpx.Client, base: str) -> None:
    page = client.get(base)
    assert str(page.url) == f"{base}/"
    for link in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get(urljoin(f"{base}/", link)).status_code == 200, link
    for name in ("docs", "asyncapi"):
        for link in re.findall(r'href="([^#"][^"]*)"', client.get(f"{base}/{name}").text):
            if not link.startswith("http"):
                assert client.get(urljoin(f"{base}/{name}", link)).status_code == 200, (name, link)
    server = client.get(f"{base}/openapi.json").json()["servers"][0]["url"]
    assert server in (PREFIX, "/")


def _a_browser_signs_in(trust: ssl.SSLContext, base: str, key: str) -> None:
    parts = urlsplit(base)
    own = {"Origin": f"{parts.scheme}://{parts.netloc}", "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(verify=trust, timeout=60, trust_env=False) as browser:
        assert browser.post(f"{base}/v1/session", json={"key": key}, headers=own).status_code == 200
        assert browser.get(f"{base}/v1/session").status_code == 200
        assert browser.delete(f"{base}/v1/session", headers=own | {"Origin": "https://evil.test"}).status_code == 403
        assert browser.delete(f"{base}/v1/session", headers=own).status_code == 204


def _locations(client: httpx.Client) -> None:
    made = client.post("/v1/sites", json={"name": "Prefix"})
    site = urljoin(str(made.url), made.headers["location"])
    assert ok(client.get(site))["site_id"] == made.json()["site_id"]
    section = client.post(f"{site}/sections", json={"name": "Terrace"})
    assert ok(client.get(urljoin(str(section.url), section.headers["location"])))["name"] == "Terrace"


def _upload_and_events(client: httpx.Client, files: Path) -> None:
    place = make_site(client, json.loads((files / "layout.json").read_text()))
    asked = {"camera_id": place.camera_id, "sampling": {"mode": "cadence", "every_ms": 20_000}, "make": ["frames"]}
    announced = client.post("/v1/videos", json=asked)
    video: dict[str, Any] = ok(announced)
    assert ok(client.get(urljoin(str(announced.url), announced.headers["location"])))["video_id"] == video["video_id"]
    target = video["upload"]
    with client.stream("GET", f"/v1/events?site_id={place.site_id}", timeout=60) as events:
        lines = events.iter_lines()
        began = time.monotonic()
        assert any(line == "event: snapshot" for line in lines)
        assert time.monotonic() - began < 15, "not buffered"
        tus = TusClient(target["create_url"], headers={"Authorization": f"Bearer {target['token']}"})
        uploader = tus.uploader(str(files / "clip.mp4"), chunk_size=400_000)
        uploader.upload()
        assert uploader.url.startswith(target["create_url"])
        assert any(line == "event: video.job" for line in lines)
    assert wait_done(client, video["video_id"])["status"] == "done"
    frames = ok(client.get(f"/v1/videos/{video['video_id']}/frames"))["items"]
    picture = client.get(frames[0]["url"], headers={"Authorization": ""})
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert frames[0]["url"].startswith(str(client.base_url).rstrip("/"))
