"""Which parts are said to work."""

from api.model.parts import DEPENDENCIES, conclude, groups_of, services

PARTS = services()
ALL = dict.fromkeys(groups_of(PARTS), 1)


def states(members: dict[str, int] | None, complaints: dict[str, str] | None = None) -> dict[str, str]:
    return {each["part"]: each["state"] for each in conclude(PARTS, members, complaints or {})}


def test_every_part_is_well_while_each_group_has_a_member() -> None:
    assert states(ALL) == dict.fromkeys([*(each.name for each in PARTS), *DEPENDENCIES], "well")


def test_a_service_is_away_as_soon_as_one_of_its_groups_has_no_member() -> None:
    found = states(ALL | {"classifier-gateway-fold": 0})
    assert found["classifier-gateway"] == "away"
    assert found["cropper"] == "well"


def test_a_group_that_never_existed_has_no_member() -> None:
    assert states({})["extractor"] == "away"


def test_of_services_nothing_is_known_while_the_broker_does_not_tell() -> None:
    found = states(None, {"broker": "broker_unreachable: The broker does not answer."})
    assert found["broker"] == "away"
    assert {found[each.name] for each in PARTS[:6]} == {"unknown"}
    assert found["store"] == "well"


def test_what_else_is_not_ready_is_no_part() -> None:
    assert states(ALL, {"projector": "no progress for 70 s"}) == states(ALL)


def test_ingest_has_a_group_for_each_upload_folder() -> None:
    (ingest, *_) = parts = services("ingest-a, ingest-b,")
    assert ingest.groups == ("ingest-a", "ingest-b")
    (found, *_) = conclude(parts, ALL | {"ingest-a": 1, "ingest-b": 0}, {})
    assert found["state"] == "away"
