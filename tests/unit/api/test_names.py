"""Names of sites, sections, cameras, tables and keys: people read them beside others."""

import pytest
from pydantic import BaseModel, ValidationError

from api.http.documents.cameras import CameraChange, NewCamera
from api.http.documents.keys import NewKey
from api.http.documents.layouts import NewLayout
from api.http.documents.sites import NewSection, NewSite, SectionChange, SiteChange

OUTLINE = {"polygon": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]}
KINDS: list[tuple[type[BaseModel], dict[str, object]]] = [
    (NewSite, {}), (SiteChange, {}), (NewSection, {}), (SectionChange, {}), (NewCamera, {}), (CameraChange, {}),
    (NewKey, {"scopes": ["read"]}),
]  # fmt: skip
REFUSED = [
    "", " ", "\u00a0\u2003", "\u200b\u200d", "\u0301", "a\x00", "a\nb", "a\x7f", "\x9b31m", "a\u202eb", "\u2066a",
    "a\u2028b", "\ufeffa", "a\u200f",
]  # fmt: skip
TAKEN = ["Table 7", "Küche ☕", "שולחן", "طاولة", "テーブル", "👩‍🍳 Pass", "7"]


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize(("kind", "more"), KINDS)
def test_what_cannot_be_read_is_no_name(kind: type[BaseModel], more: dict[str, object], name: str) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate({"name": name} | more)


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize(("kind", "more"), KINDS)
def test_every_script_is_taken(kind: type[BaseModel], more: dict[str, object], name: str) -> None:
    assert kind.model_validate({"name": name} | more).model_dump()["name"] == name


@pytest.mark.parametrize("label", REFUSED)
def test_so_is_the_label_of_a_table(label: str) -> None:
    layout = {"reference": {"width": 640, "height": 360}, "tables": [{"label": label} | OUTLINE]}
    with pytest.raises(ValidationError) as refused:
        NewLayout.model_validate(layout)
    assert ("tables", 0, "label") in [each["loc"] for each in refused.value.errors()]
