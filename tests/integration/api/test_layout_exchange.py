"""Layouts in the forms of others, by REST."""

import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place

CROP = {
    "camera": "front", "width": 1280, "height": 720,
    "tables": [
        {"id": "t1", "label": "one", "box": [128, 144, 512, 432]},
        {"id": "t3", "polygon": [[900, 600], [1200, 600], [1200, 700]]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", ["crop", "coco", "frigate"])
async def test_what_is_exported_is_the_same_layout_when_it_is_imported(stage: Stage, form: str) -> None:
    client = await stage.client()
    place = await make_place(client)
    layout = f"/v1/cameras/{place.camera_id}/layout"
    document = answer(await client.get(f"{layout}/export", params={"format": form}), 200)
    back = answer(await client.put(f"{layout}/import", params={"format": form}, json=document), 200)
    assert back["kept"] == list(place.tables) and back["floor"] == LAYOUT["floor"]
    assert back["ignore"] == LAYOUT["ignore"]
    assert [each["polygon"] for each in back["tables"]] == [each["polygon"] for each in LAYOUT["tables"]]  # type: ignore[attr-defined]


async def test_the_document_of_a_cropper_keeps_the_tables_that_it_matches(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    layout = f"/v1/cameras/{place.camera_id}/layout"
    tag = (await client.get(layout)).headers["ETag"]
    saved = answer(await client.put(f"{layout}/import", json=CROP, headers={"If-Match": tag}), 200)
    one, new = [each["table_id"] for each in saved["tables"]]
    assert (one, saved["kept"], saved["new"], saved["retired"]) == (place.tables[0], [one], [new], [place.tables[1]])
    assert [each["label"] for each in saved["tables"]] == ["one", "t3"]
    assert answer(await client.get(f"{layout}s"), 200)["items"][0]["origin"] == "imported"
    assert code(await client.put(f"{layout}/import", json=CROP, headers={"If-Match": tag}), 412) == "version_conflict"


async def test_what_cannot_be_drawn_is_refused_with_its_place(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    imports = f"/v1/cameras/{place.camera_id}/layout/import"
    assert code(await client.put(imports, json=CROP, params={"format": "coco"}), 422) == "layout_format_invalid"
    assert code(await client.put(imports, json=CROP, params={"format": "x"}), 422) == "invalid_request"
    outside = {**CROP, "tables": [{"id": "t1", "box": [0, 0, 1281, 100]}]}
    assert code(await client.put(imports, json=outside), 422) == "polygon_out_of_frame"
    blank = await client.put(imports, json={**CROP, "tables": [{"id": "\u200e", "box": [0, 0, 100, 100]}]})
    assert code(blank, 422) == "invalid_request"
    assert blank.json()["errors"][0]["pointer"] == "/body/tables/0/label"
    many = {**CROP, "tables": [{"id": "t", "box": [0, 0, 100, 100]}] * 201}
    assert code(await client.put(imports, json=many), 422) == "layout_too_large"
    assert answer(await client.get(imports.removesuffix("/import")), 200)["version"] == 1


async def test_a_camera_without_a_layout_has_none_to_export(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    bare = answer(await client.post("/v1/cameras", json={"site_id": place.site_id, "name": "bare"}), 201)["camera_id"]
    assert code(await client.get(f"/v1/cameras/{bare}/layout/export"), 404) == "layout_not_found"
    assert (await client.delete(f"/v1/cameras/{bare}")).status_code == 204
    assert code(await client.put(f"/v1/cameras/{bare}/layout/import", json={}), 404) == "camera_not_found"
