"""Settings of the local stack, and its ports."""

import socket
from pathlib import Path

import pytest
from stack import ports, services, topics
from stack.settings import MODELS, OFFSETS, REPO, StackError, from_environment


def test_defaults() -> None:
    settings = from_environment({})
    assert settings.home == REPO / ".local"
    assert settings.port("api") == 8700
    assert settings.demo


def test_what_is_yours_is_not_listened_on() -> None:
    yours = {"KAFKA_BOOTSTRAP": "kafka:9092", "DATABASE_URL": "postgresql://db/x"}
    settings = from_environment(yours | {"PORT_BASE": "9000", "DEMO": "0"})
    assert not settings.demo
    assert set(settings.ports()) == set(OFFSETS) - {"kafka", "kafka controller", "postgres", "camera"}
    assert settings.ports()["hazard ops"] == 9015


def test_empty_is_unset() -> None:
    settings = from_environment({"PORT_BASE": "", "TABLEWATCH_HOME": "", "KAFKA_BOOTSTRAP": "", "DEMO": ""})
    assert settings.demo
    assert settings.port_base == 8700
    assert settings.kafka_bootstrap is None


def test_a_home_is_relative_to_the_working_copy() -> None:
    assert from_environment({"TABLEWATCH_HOME": "other"}).home == REPO / "other"
    assert from_environment({"TABLEWATCH_HOME": "/var/tw"}).home == Path("/var/tw")


def test_addresses_and_models_are_those_of_the_settings_whatever_the_process_has_in_its_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets, named = {"link_secret": "l", "upload_token_secret": "u"}, ("PUBLIC_URL", "INGEST_PUBLIC_URL", "MODELS_DIR")
    yours = {"PUBLIC_URL": "https://a.example", "INGEST_PUBLIC_URL": "https://i.example", "MODELS_DIR": "/var/models"}
    for name in named:
        monkeypatch.setenv(name, "not read here")
    shared = services.shared_environment(from_environment(yours), secrets, "", "")
    assert {name: shared[name] for name in named} == yours
    unset = services.shared_environment(from_environment(dict.fromkeys(named, "")), secrets, "", "")
    assert [unset[name] for name in named] == ["http://127.0.0.1:8700", "http://127.0.0.1:8701", str(MODELS)]


@pytest.mark.parametrize("value", ["x", "80", "65530", "-1", "8700.5"])
def test_a_base_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(StackError, match="PORT_BASE"):
        from_environment({"PORT_BASE": value})


def test_a_taken_port_is_named_with_another_base() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError) as refused:
            ports.check({"api": port}, port)
    assert f"{port} (api), by process" in str(refused.value)
    offered = int(str(refused.value).rsplit("PORT_BASE=", 1)[1])
    assert ports.is_free(offered)


def test_free_ports_are_all_different() -> None:
    assert len(set(ports.free_ports(5))) == 5


def test_every_topic_of_the_contracts_and_their_dead_letters_are_wanted() -> None:
    names = {topic.name: topic for topic in topics.declared(REPO)}
    assert {path.parent.name for path in REPO.glob("schemas/*/topic.yaml")} <= set(names)
    assert names["table.state"].configs["cleanup.policy"] == "compact"
    assert names["frame.extracted.cropper.dlq"].partitions == 1
    assert names["frame.extracted"].partitions is None


def test_the_extractor_may_read_the_demos_camera_and_those_of_the_caller() -> None:
    secrets = {"api_key": "k", "camera_secret": "s"}
    demo = from_environment({"PORT_BASE": "9000", "CAMERA_ADDRESSES": "127.0.0.1:8554"})
    assert services.own_environment("extractor", demo, secrets)["CAMERA_ADDRESSES"] == "127.0.0.1:9023,127.0.0.1:8554"
    bare = from_environment({"PORT_BASE": "9000", "DEMO": "0"})
    assert services.own_environment("extractor", bare, secrets)["CAMERA_ADDRESSES"] == ""
