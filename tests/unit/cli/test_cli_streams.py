"""Standard streams as shells make them: closed, full, without a reader, ASCII only. Each runs the installed command."""

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from tablewatch_cli.errors import Exit

COMMAND = (sys.executable, "-c", "from tablewatch_cli.entry import main; main()")
SCHEMA = ("schema", "table.state")


def shell(redirection: str, *words: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    """The command with what a shell's user writes behind it."""
    line = ["bash", "-c", f'"$@" {redirection}; exit ${{PIPESTATUS[0]}}', "bash", *COMMAND, *words]
    return subprocess.run(line, env=os.environ | variables, capture_output=True, check=False, timeout=120)


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written_is_an_error_of_its_own(redirection: str) -> None:
    done = shell(redirection, *SCHEMA)
    assert done.returncode == Exit.LOCAL_IO
    assert done.stderr.startswith(b"error: output_failed: ")
    assert done.stderr.count(b"\n") == 1


def test_help_that_cannot_be_written_is_the_same_error() -> None:
    done = shell(">/dev/full", "--help")
    assert (done.returncode, done.stderr[:21]) == (Exit.LOCAL_IO, b"error: output_failed:")


def test_a_reader_that_goes_is_no_error() -> None:
    """`exec` of a reader that ends at once: more than a pipe holds is written to nobody."""
    done = shell("| true", "schema", "table.state", "--example")
    assert (done.returncode, done.stderr) == (Exit.OK, b"")


def test_without_a_standard_error_the_exit_code_is_the_same() -> None:
    assert shell("2>&-", *SCHEMA).returncode == Exit.OK
    assert shell("2>&-", "frobnicate").returncode == Exit.USAGE


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_the_same_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    """The key holds what the encoding lacks, and the error repeats the name of the folder in which no stack is."""
    folder = tmp_path / "Küche ☕ 🍽"
    done = shell("", "states", "--json", TABLEWATCH_HOME=str(folder), PYTHONIOENCODING=encoding, LC_ALL="C")
    assert done.returncode == Exit.UNREACHABLE
    error = json.loads(done.stdout.decode(encoding))["error"]
    assert (error["code"], str(folder) in error["reason"]) == ("no_stack", True)
    assert b"Traceback" not in done.stderr


def test_a_broker_that_is_none_is_told_without_a_traceback(tmp_path: Path) -> None:
    """aiokafka logs a traceback of bytes that it cannot read."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=_answer_nonsense, args=(listening,), daemon=True).start()
        at = f"127.0.0.1:{listening.getsockname()[1]}"
        known = {"TABLEWATCH_URL": "http://127.0.0.1:9", "TABLEWATCH_KEY": "k", "TABLEWATCH_HOME": str(tmp_path)}
        done = shell("", "topics", **known, KAFKA_BOOTSTRAP=at)
    assert done.returncode == Exit.UNREACHABLE
    assert b"Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(b"error: kafka_unreachable: ")


def _answer_nonsense(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            with client:
                client.recv(1000)
                client.sendall(b"\x00\x00\x00\x02ab")


def test_an_argument_that_is_no_utf8_is_wrong_usage(tmp_path: Path) -> None:
    known = {"TABLEWATCH_URL": "http://127.0.0.1:9", "TABLEWATCH_KEY": "k", "TABLEWATCH_HOME": str(tmp_path)}
    done = shell("", "states", "--site", os.fsdecode(b"caf\xe9"), "--json", **known)
    assert done.returncode == Exit.USAGE
    assert json.loads(done.stdout)["error"]["code"] == "not_text"
