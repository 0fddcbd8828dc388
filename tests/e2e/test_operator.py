"""What an operator needs at night: one id through all logs, metrics that add up, a check, and no secret anywhere."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.pipeline import Site, ok, read_topics
from tests.support.private_stack import PrivateStack, until

from tablewatch_schemas import TOPICS, dlq_name

pytestmark = pytest.mark.timeout(600)
SERVICES = {"ingest", "extractor", "cropper", "classifier-gateway", "hazard", "api"}
PLANTED = "hunter2planted"
SECRET_SETTINGS = ("SECRET", "PASSWORD", "BOOTSTRAP_KEY", "TABLEWATCH_KEY")


def lines(stack: PrivateStack) -> list[dict[str, Any]]:
    """Every structured line of every service, in the order of their times."""
    raw = [line for file in sorted((stack.home / "logs").glob("*.log")) for line in file.read_text().splitlines()]
    return [json.loads(line) for line in sorted(line for line in raw if line.startswith('{"timestamp"'))]


def cli(stack: PrivateStack, *words: str) -> tuple[int, Any]:
    """Exit code and JSON of a command."""
    environment = os.environ | {"TABLEWATCH_HOME": str(stack.home)}
    command = [sys.executable, "-m", "tablewatch_cli", *words, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout)


def pages(stack: PrivateStack) -> dict[str, str]:
    """The metrics page of every service."""
    return {name: httpx.get(f"{url}/metrics", timeout=60).text for name, url in stack.run()["ops_urls"].items()}


def test_one_id_tells_the_story_from_upload_to_state(stack: PrivateStack, finished: dict[str, Any]) -> None:
    run_id = finished["run_id"]
    story = [line for line in lines(stack) if run_id in json.dumps(line)]
    assert {line["service"] for line in story} == SERVICES
    names = [line["event"] for line in story]
    assert {"video_announced", "upload stored", "job_accepted", "segment", "run_published", "table_state"} <= set(names)
    assert names.index("video_announced") < names.index("upload stored")
    assert names.index("job_accepted") < names.index("segment")
    ends = [(line["status"], line["stage"]) for line in story if line["event"] == "job"]
    assert ends[-1] == ("done", "done")
    readers = {line["topic"] for line in story if line["event"] == "record_done"}
    assert {"video.uploaded", "frame.extracted", "crop.ready", "table.evidence", "table.state"} <= readers


def test_the_trace_that_began_at_ingest_reaches_the_read_model(stack: PrivateStack, finished: dict[str, Any]) -> None:
    (stored,) = [
        line for line in lines(stack)
        if line["event"] == "upload stored" and line["video_id"] == finished["video_id"]
    ]  # fmt: skip
    of_trace = [line for line in lines(stack) if line.get("trace_id") == stored["trace_id"]]
    assert {line["service"] for line in of_trace} == SERVICES
    assert any(line["service"] == "api" and line.get("topic") == "table.state" for line in of_trace)


def test_the_ledger_balances_and_the_metrics_say_the_same(stack: PrivateStack, finished: dict[str, Any]) -> None:
    code, ledger = cli(stack, "ledger", "--run", finished["run_id"], "--wait", "60")
    assert (code, ledger["balanced"], ledger["settled"]) == (0, True, True)
    tables, hazards = ledger["accounts"]
    assert tables["extracted"] == hazards["extracted"] == finished["frames"]["published"]
    assert tables["extracted"] == tables["done"] + sum(tables["dropped"].values()) + tables["dead_lettered"]
    counted: Counter[str] = Counter()
    for sample in (sample for page in pages(stack).values() for sample in _samples(page)):
        if sample.name == "tablewatch_frames_total":
            counted[sample.labels["outcome"]] += int(sample.value)
    assert counted["extracted"] >= tables["extracted"]  # of all runs of the stack so far
    assert counted["classified"] >= tables["done"]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_metrics_page_can_be_read(stack: PrivateStack, finished: dict[str, Any], service: str) -> None:
    page = pages(stack)[service]
    families = {family.name for family in text_string_to_metric_families(page)}
    assert "process_resident_memory_bytes" in families
    assert "tablewatch_fuse_blown" in families
    promtool = shutil.which("promtool")
    if promtool is not None:
        done = subprocess.run([promtool, "check", "metrics"], input=page.encode(), capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_a_finished_job_is_in_the_figures(stack: PrivateStack, finished: dict[str, Any]) -> None:
    def settled() -> bool | None:
        page = pages(stack)["api"]
        return True if 'tablewatch_jobs_total{code="",status="done"}' in page else None

    until(settled, 60, "the job in the metrics")
    found = {(s.name, s.labels.get("lane"), s.labels.get("status")): s.value for s in _samples(pages(stack)["api"])}
    assert found["tablewatch_job_seconds_count", None, "done"] >= 1
    assert found["tablewatch_light_to_state_seconds_count", "run", None] >= 1


def test_check_names_every_part(stack: PrivateStack, finished: dict[str, Any]) -> None:
    def answered() -> list[dict[str, Any]] | None:
        """On a busy machine a part may once take longer to answer than `check` waits."""
        found: list[dict[str, Any]] = cli(stack, "check")[1]
        return found if all(each["reachable"] for each in found) else None

    parts = {each["part"]: each for each in until(answered, 120, "an answer of every part")}
    others = {"postgres", "kafka", "topics", "jobs", "outboxes", "sandbox", "dead letters", "lag"}
    assert SERVICES | others <= set(parts)
    assert parts["sandbox"]["ok"], parts["sandbox"]
    assert all(parts[name]["ok"] for name in ("store", "database", "broker"))
    assert parts["postgres"]["detail"].startswith("listens at 127.0.0.1:")


def _samples(page: str) -> Iterator[Any]:
    for family in text_string_to_metric_families(page):
        yield from family.samples


def test_no_secret_is_in_a_log_a_topic_or_a_metric(stack: PrivateStack, site: Site, finished: dict[str, Any]) -> None:
    secrets = _settings(stack) | _used(stack, site, finished)
    _plant(stack, site)
    haystacks = {str(file.name): file.read_text() for file in (stack.home / "logs").glob("*.log")}
    haystacks |= {f"/metrics of {name}": page for name, page in pages(stack).items()}
    topics = {*TOPICS, *_dead_letter_topics()} & set(_there(stack))
    for record in read_topics(stack, *sorted(topics)):
        headers = b" ".join(value for _, value in record.headers)
        text = b" ".join((record.key or b"", record.value or b"", headers))
        haystacks[f"{record.topic}/{record.partition}/{record.offset}"] = text.decode(errors="replace")
    assert any(finished["run_id"] in text for text in haystacks.values())  # against reading nothing
    leaks = [(where, name) for where, text in haystacks.items() for name, secret in secrets.items() if secret in text]
    assert leaks == []


def _settings(stack: PrivateStack) -> dict[str, str]:
    """Secrets in the environment of the processes, by name."""
    found = {}
    for pid in (pid for name, pid in stack.run()["pids"].items() if name in SERVICES):
        for name, value in psutil.Process(pid).environ().items():
            if any(mark in name for mark in SECRET_SETTINGS) and len(value) >= 16:
                found[name] = value
            if name == "DATABASE_URL":
                found["password of the database"] = str(httpx.URL(value).password)
    assert {"LINK_SECRET", "UPLOAD_TOKEN_SECRET", "S3_SECRET_KEY", "password of the database"} <= set(found)
    return found


def _used(stack: PrivateStack, site: Site, finished: dict[str, Any]) -> dict[str, str]:
    """Secrets that clients hold: the key, a session's cookie, an upload's token, the signature of a link."""
    key = stack.run()["key"]
    with httpx.Client(base_url=stack.run()["api_url"], timeout=60, trust_env=False) as browser:
        ok(browser.post("/v1/session", json={"key": key}))
        cookies = {f"cookie {name}": value for name, value in browser.cookies.items()}
    with stack.client() as client:
        frames = ok(client.get(f"/v1/videos/{finished['video_id']}/frames"))["items"]
        link = httpx.URL(frames[0]["url"])
        assert httpx.get(link, timeout=60).is_success
        asked = {"site_id": site.site_id, "filename": "x.mp4", "size_bytes": 1, "make": ["frames"]}
        token = ok(client.post("/v1/videos", json=asked))
    signatures = {f"{name} of a link": value for name, value in link.params.items() if len(value) >= 16}
    assert cookies
    assert signatures
    return {"key": key, "upload token": token["upload"]["token"], "planted": PLANTED} | cookies | signatures


def _plant(stack: PrivateStack, site: Site) -> None:
    """Requests that carry a made-up secret wherever one can stand. They are refused."""
    run = stack.run()
    headers = {"Authorization": f"Bearer twk_12345678_{PLANTED}", "Cookie": f"tablewatch_session={PLANTED}"}
    for base in (run["api_url"], run["ingest_url"]):
        for path in ("/v1/sites", "/files/vid_1", f"/v1/objects/a/b.jpg?expires=9999999999&signature={PLANTED}"):
            for method in ("GET", "HEAD", "POST", "PATCH"):
                httpx.request(method, base + path, headers=headers, content=b"{" + PLANTED.encode(), timeout=60)
    camera = {"site_id": site.site_id, "name": "Planted"}
    address = f"rtsp://viewer:{PLANTED}@203.0.113.9/stream"
    with stack.client() as client:
        refused = client.post("/v1/cameras", json=camera | {"source": {"type": "rtsp", "address": address}})
        assert not refused.is_success
        client.post("/v1/session", json={"key": f"twk_12345678_{PLANTED}"})


def _dead_letter_topics() -> set[str]:
    return {dlq_name(name, group) for name, info in TOPICS.items() for group in info.consumers}


def _there(stack: PrivateStack) -> list[str]:
    return [row["name"] for row in cli(stack, "topics", "--all")[1] if row["partitions"]]


def test_logs_are_there_to_be_read(stack: PrivateStack) -> None:
    """Without logs the tests above would pass and prove nothing."""
    assert {Path(file).stem for file in (stack.home / "logs").glob("*.log")} >= SERVICES
