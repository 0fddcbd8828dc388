"""The plan of a site."""

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, make_place


async def test_a_plan_is_empty_until_it_is_arranged_and_then_replaced_as_a_whole(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client)
    path = f"/v1/sites/{place.site_id}/plan"
    read = await client.get(path)
    assert answer(read, 200) == {"site_id": place.site_id, "version": 0, "places": []}
    one, two = ({"table_id": table, "x": 3, "y": number} for number, table in enumerate(place.tables))
    made = answer(await client.put(path, json={"places": [one, two]}, headers={"If-Match": read.headers["ETag"]}), 200)
    assert made == {"site_id": place.site_id, "version": 1, "places": [one, two]}
    assert answer(await client.get(path), 200) == made
    late = await client.put(path, json={"places": [one]}, headers={"If-Match": read.headers["ETag"]})
    assert code(late, 412) == "version_conflict"
    assert answer(await client.put(path, json={"places": [two]}), 200)["places"] == [two]
    assert code(await client.put(path, json={"places": [one, one]}), 422) == "table_doubled"
    assert code(await client.put(path, json={"places": [one | {"x": 100}]}), 422) == "invalid_request"
    assert answer(await client.get(f"/v1/sites/{other.site_id}/plan"), 200)["version"] == 0
