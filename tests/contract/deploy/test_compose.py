"""docker-compose.yml: valid, whole, without default secrets, and in step with the settings of the code."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chassis.settings import ServiceSettings

REPO = Path(__file__).resolve().parents[3]
SERVICES = ["ingest", "extractor", "cropper", "classifier-gateway", "hazard", "api"]
IMAGE = {"OPS_HOST", "OPS_PORT", "TABLEWATCH_HOME", "MODELS_DIR", "API_WEB_DIST"}  # set by the Dockerfile
SECRET = re.compile(r"PASSWORD|SECRET|ACCESS_KEY|BOOTSTRAP_KEY|DATABASE_URL")
REQUIRED = re.compile(r"\$\{[A-Z0-9_]+:\?[^}]+\}")
DEFAULTED = re.compile(r"\$\{[A-Z0-9_]+:-([^}]*)\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its anchors and merges resolved."""
    return dict(yaml.safe_load((REPO / "docker-compose.yml").read_text()))


def settings_of(service: str) -> type[ServiceSettings]:
    """The settings class of a service."""
    module = importlib.import_module(f"{service.replace('-', '_')}.settings")
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, ServiceSettings)]
    return next(value for value in found if value.__module__ == module.__name__)


def test_it_is_valid_by_the_compose_specification(compose: dict[str, Any]) -> None:
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


def test_the_check_would_find_a_mistake(compose: dict[str, Any]) -> None:
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    wrong = compose | {"services": compose["services"] | {"api": {"imge": "typo"}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(wrong)


def test_everything_is_there(compose: dict[str, Any]) -> None:
    parts = {"topics", "kafka", "postgres", "s3", "console", "prometheus", "grafana"}
    assert set(compose["services"]) == {*SERVICES, *parts}
    assert compose["services"]["kafka"]["image"].startswith("apache/kafka:4.")


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_is_a_setting_of_the_code(compose: dict[str, Any], service: str) -> None:
    known = {name.upper() for name in settings_of(service).model_fields}
    assert set(compose["services"][service]["environment"]) <= known


@pytest.mark.parametrize("service", SERVICES)
def test_every_secret_of_the_code_is_given(compose: dict[str, Any], service: str) -> None:
    own = {
        name.upper() for name, field in settings_of(service).model_fields.items() if "Secret" in str(field.annotation)
    }
    optional = {"DATABASE_URL"} if service in {"cropper", "classifier-gateway", "hazard"} else set()
    assert own - optional <= set(compose["services"][service]["environment"])


@pytest.mark.parametrize("service", SERVICES)
def test_the_settings_are_taken_by_the_code(
    compose: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in compose["services"][service]["environment"].items():
        given = REQUIRED.sub("twk_12345678_0123456789abcdef0123456789abcdef", str(value))
        given = DEFAULTED.sub(r"\1", given)
        monkeypatch.setenv(name, given)
    settings = settings_of(service)()
    assert settings.kafka_bootstrap == "kafka:9092"
    assert settings.s3_url == "http://s3.localhost:8723"


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    given = {
        f"{service}.{name}": str(value)
        for service, document in compose["services"].items()
        for name, value in (document.get("environment") or {}).items()
        if SECRET.search(name)
    }
    assert given
    assert {name for name, value in given.items() if not REQUIRED.search(value)} == set()


def test_make_env_makes_every_secret_that_is_asked_for(tmp_path: Path) -> None:
    asked = set(re.findall(r"\$\{([A-Z0-9_]+):\?", (REPO / "docker-compose.yml").read_text()))
    first, second = _made(tmp_path / "a"), _made(tmp_path / "b")
    assert set(first) == asked
    assert not set(first.values()) & set(second.values())
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


def test_only_the_loopback_is_published(compose: dict[str, Any]) -> None:
    published = [port for document in compose["services"].values() for port in document.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_nothing_can_gain_rights_or_take_the_machine(compose: dict[str, Any]) -> None:
    for name, document in compose["services"].items():
        assert document["cap_drop"] == ["ALL"], name
        assert document["security_opt"] == ["no-new-privileges:true"], name
        assert 0 < document["pids_limit"] <= 512, name
        assert megabytes(document["mem_limit"]) >= 1024, name
        assert document["logging"]["options"].keys() == {"max-size", "max-file"}, name
    added = {name: document["cap_add"] for name, document in compose["services"].items() if "cap_add" in document}
    assert added == {"postgres": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]}


def megabytes(limit: str) -> int:
    """A limit as the file writes it, in MiB."""
    return int(limit[:-1]) * {"m": 1, "g": 1024}[limit[-1]]


@pytest.mark.parametrize(
    ("service", "children", "each_mb"),
    [
        ("ingest", "ingest_admissions", "ingest_probe_memory_mb"),
        ("extractor", "extractor_workers", "extractor_memory_mb"),
    ],
)
def test_a_container_has_room_for_what_its_children_may_take(
    compose: dict[str, Any], service: str, children: str, each_mb: str
) -> None:
    """Else the kernel would end them before their own limits turn away a file."""
    fields = settings_of(service).model_fields
    needed = fields[children].default * fields[each_mb].default
    assert megabytes(compose["services"][service]["mem_limit"]) >= needed + 512


@pytest.mark.parametrize("service", SERVICES)
def test_services_run_without_rights(compose: dict[str, Any], service: str) -> None:
    document = compose["services"][service]
    assert document["read_only"]
    assert document["init"]
    assert document["build"]["args"]["SERVICE"] == service
    assert "/tmp" in document["tmpfs"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_write_to_data_and_keeps_what_must_outlive_it(compose: dict[str, Any], service: str) -> None:
    """Uploads in parts, cached originals and the rows of folds; the others keep nothing."""
    document = compose["services"][service]
    mounts = dict(volume.split(":")[:2] for volume in document.get("volumes", []))
    if service in {"ingest", "extractor", "classifier-gateway", "hazard"}:
        assert mounts == dict.fromkeys(mounts, "/data")
        assert set(mounts) <= set(compose["volumes"])
        assert len(mounts) == 1
    else:
        assert "/data" in document["tmpfs"]


def test_what_is_kept_outside_the_services_has_a_volume(compose: dict[str, Any]) -> None:
    for name in ("kafka", "postgres", "objects", "prometheus", "grafana"):
        users = [
            service
            for service, document in compose["services"].items()
            if any(volume.startswith(f"{name}:") for volume in document.get("volumes", []))
        ]
        assert len(users) == 1, name
    assert set(compose["volumes"]) == {
        volume.split(":")[0]
        for document in compose["services"].values()
        for volume in document.get("volumes", [])
        if not volume.startswith("./")
    }


def test_nothing_starts_before_what_it_needs_is_there(compose: dict[str, Any]) -> None:
    """A part with a health check is waited for until it passes, a job until it ends well."""
    services = compose["services"]
    for name, document in services.items():
        for needed, how in document.get("depends_on", {}).items():
            job = services[needed]["restart"] == "no"
            checked = "healthcheck" in services[needed] or "build" in services[needed]
            healthy = "service_healthy" if checked else "service_started"
            assert how["condition"] == ("service_completed_successfully" if job else healthy), f"{name} {needed}"
    with_database = {name for name in SERVICES if "DATABASE_URL" in services[name]["environment"]}
    assert with_database == {name for name in SERVICES if "postgres" in services[name]["depends_on"]}
    assert all({"topics", "s3"} <= services[name]["depends_on"].keys() for name in SERVICES)


def test_there_is_one_service_for_each_folder(compose: dict[str, Any]) -> None:
    assert sorted(SERVICES) == sorted(path.parent.name for path in REPO.glob("services/*/pyproject.toml"))
    built = {document["build"]["args"]["SERVICE"] for document in compose["services"].values() if "build" in document}
    assert built == set(SERVICES)


def test_every_image_has_a_version(compose: dict[str, Any]) -> None:
    images = [document["image"] for document in compose["services"].values() if "image" in document]
    assert [image for image in images if not re.search(r":v?\d+(\.\d+)*(-[a-z]+)?$", image)] == []


def test_the_image_knows_each_service_and_is_not_root() -> None:
    text = (REPO / "deploy" / "Dockerfile").read_text()
    assert re.findall(r"AS image-(\S+)", text) == SERVICES
    assert text.rindex("USER tablewatch") < text.rindex("ENTRYPOINT")
    known = {name.upper() for service in SERVICES for name in settings_of(service).model_fields}
    assert known >= IMAGE
    assert {"OPS_HOST", "OPS_PORT", "TABLEWATCH_HOME"} <= set(re.findall(r"\b([A-Z_]+)=", text))


def _made(path: Path) -> dict[str, str]:

    subprocess.run([sys.executable, REPO / "deploy" / "make-env", path], check=True, capture_output=True)
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_models_are_made_in_a_stage_that_has_what_making_them_takes() -> None:
    """npm fetches them, the extra `setup` of inference converts them; the images of services have neither."""
    stages = re.split(r"(?m)^FROM ", (REPO / "deploy" / "Dockerfile").read_text())
    making = [stage for stage in stages if "python -m inference.models" in stage]
    assert len(making) == 1
    assert "libs/inference[setup]" in making[0]
    assert "npm" in making[0]
    extras = tomllib.loads((REPO / "libs/inference/pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert "onnx" in extras["setup"]


def test_an_image_has_the_libraries_that_its_service_imports() -> None:
    """The image installs those that the service's pyproject.toml names, and nothing for what they need in turn."""
    libraries = {path.parent.name for path in (REPO / "libs").glob("*/pyproject.toml")}
    needs = {name: _workspace_needs(REPO / "libs" / name) & libraries for name in libraries}
    for service in sorted((REPO / "services").glob("*/pyproject.toml")):
        named = _workspace_needs(service.parent) & libraries
        assert set().union(*(needs[name] for name in named)) <= named, service.parent.name


def _workspace_needs(member: Path) -> set[str]:
    dependencies = tomllib.loads((member / "pyproject.toml").read_text())["project"]["dependencies"]
    return {name.removeprefix("tablewatch-") for name in dependencies if name.startswith("tablewatch-")}
