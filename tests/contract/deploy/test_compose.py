"""docker-compose.yml: valid, whole, without default secrets, and in step with the settings of the code."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chassis.settings import ServiceSettings

REPO = Path(__file__).resolve().parents[3]
SERVICES = ["ingest", "extractor", "cropper", "classifier-gateway", "hazard", "api"]
IMAGE = {"OPS_HOST", "OPS_PORT", "TABLEWATCH_HOME", "MODELS_DIR", "API_WEB_DIST"}  # said by the Dockerfile
SECRET = re.compile(r"PASSWORD|SECRET|ACCESS_KEY|BOOTSTRAP_KEY|DATABASE_URL")
REQUIRED = re.compile(r"\$\{[A-Z0-9_]+:\?[^}]+\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its anchors and merges resolved."""
    return dict(yaml.safe_load((REPO / "docker-compose.yml").read_text()))


def settings_of(service: str) -> type[ServiceSettings]:
    """The settings class of a service."""
    module = importlib.import_module(f"{service.replace('-', '_')}.settings")
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, ServiceSettings)]
    return next(value for value in found if value is not ServiceSettings)


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


@pytest.mark.parametrize("service", SERVICES)
def test_services_run_without_rights(compose: dict[str, Any], service: str) -> None:
    document = compose["services"][service]
    assert document["cap_drop"] == ["ALL"]
    assert document["read_only"]
    assert document["build"]["args"]["SERVICE"] == service


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
