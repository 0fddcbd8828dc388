"""The rules of an alert's life, on capture time."""

from hypothesis import given
from hypothesis import strategies as st

from hazard.follow.row import Alert, Row
from hazard.follow.rules import (
    DEFAULT_TIMINGS,
    FrameObservations,
    Observation,
    apply_command,
    apply_frame,
    apply_time,
)

TIMINGS = DEFAULT_TIMINGS
BOX = (0.4, 0.6, 0.6, 0.7)


def area(still_ms: int = 0, **changes: object) -> Observation:
    given = {"kind": "spill", "box": BOX, "score": 0.8, "coloured": True, "near_table_ids": ("t1", "t2")} | changes
    return Observation(still_ms=still_ms, **given)  # type: ignore[arg-type]


def frame(at_s: float, *observations: Observation, camera: str = "cam_1", blind: bool = False) -> FrameObservations:
    return FrameObservations(
        site_id="site_1",
        source=camera,
        camera_id=camera,
        frame_id=f"{camera}-{at_s}",
        frame_key="k",
        at_ms=int(at_s * 1000),
        observations=observations,
        blind=blind,
        detector=("d", "1"),
    )


def statuses(alerts: list[Alert]) -> list[tuple[str, int]]:
    return [(alert.status, alert.version) for alert in alerts]


def test_two_overlapping_areas_of_one_frame_are_one_alert() -> None:
    row = Row()
    (alert,) = apply_frame(row, frame(20, area(20_000, coloured=False), area(20_000)), TIMINGS)
    assert alert.version == 1
    assert apply_frame(row, frame(21, area(20_000), area(20_000)), TIMINGS) == []


def opened(row: Row, at_s: float = 20) -> Alert:
    (alert,) = apply_frame(row, frame(at_s, area(15_000)), TIMINGS)
    return alert


def test_a_coloured_area_opens_after_its_time_and_once() -> None:
    row = Row()
    assert apply_frame(row, frame(14, area(14_000)), TIMINGS) == []
    (alert,) = apply_frame(row, frame(15, area(15_000)), TIMINGS)
    assert (alert.status, alert.version, alert.severity, alert.opened_ms) == ("opened", 1, "warning", 0)
    for second in range(16, 60):
        assert apply_frame(row, frame(second, area(second * 1000)), TIMINGS) == []
    assert alert.as_of_ms == 59_000
    assert len(alert.frame_ids) == 5


def test_a_grey_area_takes_longer_and_is_less_severe_until_it_shows_colour() -> None:
    row = Row()
    assert apply_frame(row, frame(59, area(59_000, coloured=False)), TIMINGS) == []
    (alert,) = apply_frame(row, frame(60, area(60_000, coloured=False, score=0.3)), TIMINGS)
    assert alert.severity == "info"
    assert statuses(apply_frame(row, frame(61, area(61_000)), TIMINGS)) == [("opened", 2)]
    assert alert.severity == "warning"


def test_a_person_acknowledges_and_clears_and_the_camera_verifies() -> None:
    row = Row()
    alert = opened(row)
    for action, status in (("acknowledge", "acknowledged"), ("clear", "cleared")):
        done = apply_command(row, f"cmd_{action}", alert.hazard_id, action, "key_1", "mopped", 25_000)
        assert done is alert
        assert alert.status == status
    assert (alert.actor, alert.note) == ("key_1", "mopped")
    assert apply_frame(row, frame(30), TIMINGS) == []
    assert statuses(apply_frame(row, frame(90), TIMINGS)) == [("verified", 4)]
    assert row.alerts == {}


def test_cleared_but_still_there_is_opened() -> None:
    row = Row()
    alert = opened(row)
    apply_command(row, "c1", alert.hazard_id, "clear", "key_1", None, 20_000)
    assert apply_frame(row, frame(79, area(90_000)), TIMINGS) == []
    assert statuses(apply_frame(row, frame(80, area(90_000)), TIMINGS)) == [("opened", 3)]
    assert alert.actor is None


def times(alert: Alert) -> tuple[int | None, int | None]:
    return (alert.acknowledged_ms, alert.cleared_ms)


def test_when_a_person_went_and_when_it_was_gone_is_kept_until_it_is_opened_anew() -> None:
    row = Row()
    alert = opened(row)
    assert times(alert) == (None, None)
    apply_command(row, "c1", alert.hazard_id, "acknowledge", "key_1", None, 25_000)
    assert times(alert) == (25_000, None)
    apply_command(row, "c2", alert.hazard_id, "clear", "key_1", None, 40_000)
    assert times(alert) == (25_000, 40_000)
    assert statuses(apply_frame(row, frame(100, area(99_000)), TIMINGS)) == [("opened", 4)]
    assert times(alert) == (None, None)


def test_it_was_gone_in_the_first_frame_that_did_not_show_it() -> None:
    row = Row()
    alert = opened(row)
    for second in range(22, 60):
        apply_frame(row, frame(second), TIMINGS)
    assert alert.status == "cleared"
    assert times(alert) == (None, 22_000)


def test_whoever_checks_that_it_is_clean_says_that_it_is_gone() -> None:
    row = Row()
    alert = opened(row)
    apply_command(row, "c1", alert.hazard_id, "verify", "key_1", None, 33_000)
    assert times(alert) == (None, 33_000)


def test_that_it_was_checked_later_leaves_when_it_was_gone() -> None:
    row = Row()
    alert = opened(row)
    apply_command(row, "c1", alert.hazard_id, "clear", "key_1", None, 33_000)
    apply_command(row, "c2", alert.hazard_id, "verify", "key_1", None, 50_000)
    assert times(alert) == (None, 33_000)


def test_that_it_is_more_severe_leaves_its_times() -> None:
    row = Row()
    (alert,) = apply_frame(row, frame(60, area(60_000, coloured=False)), TIMINGS)
    apply_command(row, "c1", alert.hazard_id, "acknowledge", "key_1", None, 61_000)
    assert statuses(apply_frame(row, frame(62, area(62_000)), TIMINGS)) == [("acknowledged", 3)]
    assert times(alert) == (61_000, None)


def test_an_alert_that_is_not_seen_any_more_is_cleared_then_verified_without_a_person() -> None:
    row = Row()
    opened(row)
    changes = [statuses(apply_frame(row, frame(second), TIMINGS)) for second in range(21, 120)]
    assert [one for one in changes if one] == [[("cleared", 2)], [("verified", 3)]]


def test_a_moment_out_of_sight_is_nothing() -> None:
    row = Row()
    opened(row)
    assert apply_frame(row, frame(30), TIMINGS) == []
    assert apply_frame(row, frame(35, area(30_000)), TIMINGS) == []
    assert apply_frame(row, frame(54), TIMINGS) == []


def test_a_blind_camera_neither_clears_nor_opens() -> None:
    row = Row()
    opened(row)
    for second in range(21, 200):
        assert apply_frame(row, frame(second, area(90_000, box=(0, 0, 0.1, 0.1)), blind=True), TIMINGS) == []


def test_an_alert_without_news_expires() -> None:
    row = Row()
    opened(row)
    assert apply_time(row, 20_000 + TIMINGS.expire_ms, TIMINGS) == []
    assert statuses(apply_time(row, 20_001 + TIMINGS.expire_ms, TIMINGS)) == [("expired", 2)]
    assert row.alerts == {}


def test_a_dismissed_area_stays_dismissed_while_it_is_there() -> None:
    row = Row()
    alert = opened(row)
    apply_command(row, "c1", alert.hazard_id, "dismiss", "key_1", "a rug", 21_000)
    for second in range(22, 300):
        assert apply_frame(row, frame(second, area(second * 1000)), TIMINGS) == []
    assert len(row.alerts) == 1


def test_another_camera_with_the_same_nearest_table_sees_the_same_spill() -> None:
    row = Row()
    alert = opened(row)
    elsewhere = (0.1, 0.1, 0.2, 0.2)
    assert apply_frame(row, frame(21, area(20_000, box=elsewhere), camera="cam_2"), TIMINGS) == []
    assert alert.as_of_ms == 21_000
    assert alert.box == BOX
    (second,) = apply_frame(row, frame(22, area(20_000, box=elsewhere, near_table_ids=()), camera="cam_2"), TIMINGS)
    assert second.hazard_id != alert.hazard_id


def test_two_areas_of_one_frame_are_two_alerts_with_ids_of_their_own() -> None:
    row = Row()
    other = area(20_000, box=(0.1, 0.8, 0.2, 0.9))
    alerts = apply_frame(row, frame(20, area(20_000), other), TIMINGS)
    assert len({alert.hazard_id for alert in alerts}) == 2


def test_a_command_is_applied_once_and_only_where_it_fits() -> None:
    row = Row()
    alert = opened(row)
    assert apply_command(row, "c1", alert.hazard_id, "acknowledge", "k", None, 0) is not None
    assert apply_command(row, "c1", alert.hazard_id, "acknowledge", "k", None, 0) is None
    assert apply_command(row, "c2", alert.hazard_id, "acknowledge", "k", None, 0) is None
    assert apply_command(row, "c3", "haz_unknown", "clear", "k", None, 0) is None
    assert apply_command(row, "c4", alert.hazard_id, "paint", "k", None, 0) is None
    assert alert.version == 2


areas = st.lists(
    st.builds(
        area,
        still_ms=st.sampled_from([5_000, 15_000, 60_000]),
        coloured=st.booleans(),
        score=st.floats(0, 1),
        box=st.sampled_from([BOX, (0.1, 0.8, 0.2, 0.9), (0.45, 0.6, 0.62, 0.7)]),
    ),
    max_size=2,
)
steps = st.lists(st.tuples(st.sampled_from(["see", "clear", "acknowledge", "dismiss", "blind"]), areas), max_size=40)


@given(steps)
def test_folding_twice_and_through_the_row_changes_nothing(story: list[tuple[str, list[Observation]]]) -> None:
    once, twice = Row(), Row()
    for number, (what, shown) in enumerate(story):
        at_s = number * 7
        first = _apply(once, what, shown, number, at_s)
        twice = Row.parse(twice.to_json(), live=True)
        second = _apply(twice, what, shown, number, at_s)
        assert [(a.hazard_id, a.status, a.version) for a in first] == [
            (a.hazard_id, a.status, a.version) for a in second
        ]
        assert _apply(twice, what, shown, number, at_s) == [], "a redelivered record changes nothing"
    assert once.to_json() == twice.to_json()


@given(steps)
def test_versions_rise_by_one_and_each_key_ends_once(story: list[tuple[str, list[Observation]]]) -> None:
    row, versions, over = Row(), {}, set()
    for number, (what, shown) in enumerate(story):
        for alert in _apply(row, what, shown, number, number * 7):
            assert alert.version == versions.get(alert.hazard_id, 0) + 1
            assert alert.hazard_id not in over
            versions[alert.hazard_id] = alert.version
            if alert.status in ("verified", "expired", "dismissed"):
                over.add(alert.hazard_id)


def _apply(row: Row, what: str, shown: list[Observation], number: int, at_s: int) -> list[Alert]:
    if what in ("see", "blind"):
        return apply_frame(row, frame(at_s, *shown, blind=what == "blind"), TIMINGS)
    changed = [
        apply_command(row, f"c{number}-{name}", name, what, "k", None, at_s * 1000) for name in sorted(row.alerts)
    ]
    return [alert for alert in changed if alert is not None]


def test_a_row_of_an_earlier_version_is_read_from_its_changelog() -> None:
    """JSON names are those of rows in production's changelogs, whatever the attributes are called."""
    stored = (
        b'{"live":false,"alerts":{"haz_1":{"hazard_id":"haz_1","camera_id":"cam_1","kind":"spill","status":"opened",'
        b'"version":2,"severity":"warning","confidence":0.8,"box":[0.4,0.6,0.6,0.7],"near_table_ids":["t1"],'
        b'"opened_ms":1,"as_of_ms":5,"frame_ids":["f"],"frame_key":"k","detector":["d","1"],"gone_ms":4,'
        b'"changed_ms":3,"actor":"key_1","note":null}},"seen":{"cam_1":5},"commands":["c"],"gone":{"haz_0":7},'
        b'"ended_ms":9}'
    )
    row = Row.parse(stored, live=False)
    assert (row.newest_ms, row.closed_versions) == ({"cam_1": 5}, {"haz_0": 7})
    assert row.alerts["haz_1"].unseen_since_ms == 4
    newer = b'"note":null,"near_table_labels":null,"acknowledged_ms":null,"cleared_ms":null'
    assert row.to_json() == stored.replace(b'"note":null', newer)
    assert Row.parse(stored.replace(b'"live"', b'"tomorrow":1,"live"'), live=False) == row
