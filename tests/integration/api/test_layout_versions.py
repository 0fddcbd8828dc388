"""Versions of layouts: who made them, what they changed, and how one comes back."""

from typing import Any

from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place


async def test_versions_have_author_origin_and_what_they_changed(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    camera = f"/v1/cameras/{place.camera_id}"
    one, two = place.tables
    answer(await client.put(f"{camera}/layout", json={**LAYOUT, "tables": LAYOUT["tables"][:1]}), 200)  # type: ignore[index]
    writer = await stage.client("write", sites=[place.site_id])
    tag = (await client.get(f"{camera}/layout")).headers["ETag"]
    restored = await writer.post(f"{camera}/layouts/1/restore", headers={"If-Match": tag})
    back = answer(restored, 200)
    assert (back["version"], [each["table_id"] for each in back["tables"]]) == (3, [one, two])
    assert (back["floor"], back["ignore"]) == (LAYOUT["floor"], LAYOUT["ignore"])
    assert (back["kept"], back["new"], back["retired"]) == ([one], [two], [])
    late = await writer.post(f"{camera}/layouts/2/restore", headers={"If-Match": tag})
    assert code(late, 412) == "version_conflict"
    assert answer(await client.get(f"/v1/tables/{two}"), 200)["retired_at"] is None
    newest, second, first = answer(await client.get(f"{camera}/layouts"), 200)["items"]
    assert _told(newest) == ("restored", 1, 1, 1, 0)
    assert _told(second) == ("drawn", None, 1, 0, 1)
    assert _told(first) == ("drawn", None, 0, 2, 0)
    assert newest["author_key_id"] != first["author_key_id"] and newest["author"]
    again = answer(await writer.post(f"{camera}/layouts/1/restore"), 200)
    assert (again["version"], again["kept"]) == (3, [one, two]), "what is the same is no new version"


def _told(version: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(version[name] for name in ("origin", "restored_from", "kept", "new", "retired"))


async def test_a_diff_is_of_any_two_versions(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    versions = f"/v1/cameras/{place.camera_id}/layouts"
    answer(
        await client.put(versions[:-1], json={**LAYOUT, "tables": LAYOUT["tables"][1:], "floor": [], "ignore": []}), 200
    )  # type: ignore[index]
    diff = answer(await client.get(f"{versions}/2/diff"), 200)
    assert (diff["from_version"], diff["version"], diff["retired"]) == (1, 2, [place.tables[0]])
    assert (diff["kept"], diff["changed"], diff["floor_changed"]) == ([place.tables[1]], [], True)
    assert (diff["ignore_changed"], diff["reference_changed"]) == (True, False)
    back = answer(await client.get(f"{versions}/1/diff", params={"from_version": 2}), 200)
    assert (back["from_version"], back["new"]) == (2, [place.tables[0]])
    assert answer(await client.get(f"{versions}/1/diff"), 200)["from_version"] is None
    assert code(await client.get(f"{versions}/3/diff"), 404) == "layout_not_found"
    assert code(await client.get(f"{versions}/1/diff", params={"from_version": 9}), 404) == "layout_not_found"
    assert code(await client.post(f"{versions}/9/restore"), 404) == "layout_not_found"


async def test_a_section_that_was_deleted_since_is_left_out(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    sections = f"/v1/sites/{place.site_id}/sections"
    section = answer(await client.post(sections, json={"name": "Terrace"}), 201)["section_id"]
    layout = f"/v1/cameras/{place.camera_id}/layout"
    table = {
        "table_id": place.tables[0],
        "label": "1",
        "section_id": section,
        "polygon": LAYOUT["tables"][0]["polygon"],
    }  # type: ignore[index]
    answer(await client.put(layout, json={**LAYOUT, "tables": [table]}), 200)
    answer(await client.put(layout, json={**LAYOUT, "tables": []}), 200)
    answer(await client.delete(f"{sections}/{section}"), 204)
    back = answer(await client.post(f"{layout}s/2/restore"), 200)
    assert [(each["table_id"], each["section_id"]) for each in back["tables"]] == [(place.tables[0], None)]
