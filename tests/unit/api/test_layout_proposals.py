"""Which proposals are shown after what was decided about earlier ones."""

from datetime import UTC, datetime

from api.model.layout_proposals import Decided, same_places, undecided
from tablewatch_schemas.layout import Layout, LayoutTable

ZONE = ((0.1, 0.1), (0.3, 0.1), (0.3, 0.3))
LAYOUT = Layout(
    layout_key="k", site_id="site_1", camera_id="cam_1", version=3, created_at=datetime(2026, 11, 23, tzinfo=UTC),
    width=1280, height=720, floor=(),
    tables=(LayoutTable(table_id="tbl_1", label="1", seats=None, section_id=None, polygon=ZONE, top=None),),
)  # fmt: skip
CAMERA = {"camera_id": "cam_1", "layout_version": 3}


def shifted(x: float, y: float = 0.0) -> list[float]:
    """Everything by a share of the picture."""
    return [1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0]


PROPOSAL = {"proposal_id": "prop_2", "layout_version": 3, "code": None, "transform": shifted(0.1)}
STATUS = {"layout_proposal": PROPOSAL}


def test_what_nobody_decided_about_is_shown_while_its_layout_is_the_newest() -> None:
    assert undecided(CAMERA, STATUS, LAYOUT, []) == PROPOSAL
    assert undecided(CAMERA | {"layout_version": 4}, STATUS, LAYOUT, []) is None
    assert undecided(CAMERA, {"layout_proposal": None}, LAYOUT, []) is None
    assert undecided(CAMERA, None, None, []) is None


def test_after_a_dismissal_the_same_places_are_not_proposed_again() -> None:
    def after(*decided: Decided) -> bool:
        return undecided(CAMERA, STATUS, LAYOUT, decided) is not None

    assert not after(Decided("prop_2", "dismissed", 3, None))
    assert not after(Decided("prop_2", "mended", 3, shifted(0.9)))
    assert not after(Decided("prop_1", "dismissed", 3, shifted(0.105)))
    assert after(Decided("prop_1", "dismissed", 3, shifted(0.12)))
    assert after(Decided("prop_1", "dismissed", 2, shifted(0.1)))
    assert after(Decided("prop_1", "dismissed", 3, None))
    assert after(Decided("prop_1", "accepted", 3, shifted(0.1)))
    refused = {"layout_proposal": PROPOSAL | {"code": "not_moved", "transform": None}}
    assert undecided(CAMERA, refused, LAYOUT, [Decided("prop_1", "dismissed", 3, shifted(0.1))]) is not None


def test_distances_are_of_the_width_and_nothing_lies_behind_the_camera() -> None:
    assert same_places(LAYOUT, shifted(0, 0.01), shifted(0, 0)) and not same_places(
        LAYOUT, shifted(0, 0.012), shifted(0)
    )
    assert not same_places(LAYOUT, shifted(0), [1, 0, 0, 0, 1, 0, -20, 0, 1])
