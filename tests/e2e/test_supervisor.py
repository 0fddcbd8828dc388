"""The stack itself: one Ctrl-C, one home, its ports, its processes, its memory."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline import make_site, of_run, ok, read_topics, states, upload, wait_done
from tests.support.private_stack import REPO, PrivateStack, until

pytestmark = pytest.mark.timeout(600)
PARTS = {"kafka", "postgres", "ingest", "extractor", "cropper", "classifier-gateway", "hazard", "api"}


def test_run_json_tells_what_the_others_need(stack: PrivateStack) -> None:
    run = stack.run()
    assert set(run) >= {"api_url", "ingest_url", "key", "kafka_bootstrap", "database_url", "pids"}
    assert set(run["pids"]) == PARTS
    assert stat.S_IMODE((stack.home / "run.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((stack.home / "secrets.json").stat().st_mode) == 0o600


def test_only_the_loopback_is_listened_on(stack: PrivateStack) -> None:
    import psutil

    pids = set(stack.run()["pids"].values())
    listening = [c for pid in pids for c in psutil.Process(pid).net_connections("tcp") if c.status == "LISTEN"]
    assert {connection.laddr.ip for connection in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_second_stack_on_the_same_home_is_refused(stack: PrivateStack) -> None:
    second = _run(stack.environment() | {"PORT_BASE": str(stack.port_base + 300)})
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert stack.run()["pids"], "the first one is untouched"


def test_taken_ports_are_named_and_others_offered(stack: PrivateStack, tmp_path: Path) -> None:
    refused = _run(stack.environment() | {"TABLEWATCH_HOME": str(tmp_path / "other")})
    assert refused.returncode == 1
    assert f"{stack.port_base} (api)" in refused.stderr
    assert "PORT_BASE=" in refused.stderr


def test_states_outlive_a_restart_and_nothing_is_left(tmp_path: Path, layout: dict[str, Any], demo_files: Path) -> None:
    stack = PrivateStack(tmp_path / "home")
    try:
        with stack.start().client() as client:
            site = make_site(client, layout)
            video = upload(client, site, demo_files / "clip.mp4", sampling={"mode": "cadence", "every_ms": 4000})
            assert wait_done(client, video["video_id"])["status"] == "done"
            before = ok(client.get("/v1/states", params={"run_id": video["run_id"]}))["items"]
        key = stack.run()["key"]
        assert stack.stop() == 0
        assert stack.processes() == []
        assert not (stack.home / "run.json").exists()
        with stack.start().client() as client:
            assert stack.run()["key"] == key
            assert ok(client.get("/v1/states", params={"run_id": video["run_id"]}))["items"] == before
        assert set(states(of_run(read_topics(stack, "table.state"), video["run_id"]), site)) == set(
            site.labels.values()
        )
    finally:
        stack.stop_if_up()


def test_after_kill_9_of_the_supervisor_everything_ends_and_the_next_start_works(tmp_path: Path) -> None:
    stack = PrivateStack(tmp_path / "home")
    try:
        process = stack.start().process
        assert process is not None
        process.kill()
        process.wait()
        until(lambda: True if stack.processes() == [] else None, 30, "the end of the children")
        (stack.home / "run.json").unlink(missing_ok=True)
        assert set(stack.start().run()["pids"]) == PARTS
    finally:
        stack.stop_if_up()


@pytest.mark.parametrize("after_s", [0.5, 4.0])
def test_ctrl_c_in_the_middle_of_the_start(tmp_path: Path, after_s: float) -> None:
    stack = PrivateStack(tmp_path / "home")
    process = stack.spawn()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(after_s)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) in (0, -signal.SIGINT, 130)
    assert stack.processes() == []


def test_make_interrupted_alone_stops_the_stack(tmp_path: Path) -> None:
    stack = PrivateStack(tmp_path / "home")
    with (tmp_path / "make.out").open("wb") as output:
        make = subprocess.Popen(
            ["make", "run"], cwd=REPO, env=stack.environment(), stdout=output, stderr=output, start_new_session=True
        )
    try:
        until(lambda: True if (stack.home / "run.json").exists() else None, 240, "the start by make")
        make.send_signal(signal.SIGINT)
        make.wait(60)
        until(lambda: True if stack.processes() == [] else None, 30, "the end of the stack")
    finally:
        if make.poll() is None:
            os.killpg(make.pid, signal.SIGINT)
            make.wait(60)


def _run(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "stack", "run"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
