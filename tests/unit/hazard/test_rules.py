"""The life of alerts, on capture time."""

from hypothesis import given
from hypothesis import strategies as st

from hazard.follow import rules
from hazard.follow.alerts import Alert, Row
from hazard.follow.rules import Frame, Limits, Seen

LIMITS = Limits()
BOX = (0.4, 0.6, 0.6, 0.7)


def seen(still_ms: int = 0, **changes: object) -> Seen:
    given = {"kind": "spill", "box": BOX, "score": 0.8, "coloured": True, "near_table_ids": ("t1", "t2")} | changes
    return Seen(still_ms=still_ms, **given)  # type: ignore[arg-type]


def frame(at_s: float, *areas: Seen, camera: str = "cam_1", blind: bool = False) -> Frame:
    return Frame(
        scope="site_1",
        source=camera,
        camera_id=camera,
        frame_id=f"{camera}-{at_s}",
        frame_key="k",
        at_ms=int(at_s * 1000),
        seen=areas,
        blind=blind,
        detector=("d", "1"),
    )


def statuses(alerts: list[Alert]) -> list[tuple[str, int]]:
    return [(alert.status, alert.version) for alert in alerts]


def test_two_overlapping_areas_of_one_frame_are_one_alert() -> None:
    row = Row()
    (alert,) = rules.see(row, frame(20, seen(20_000, coloured=False), seen(20_000)), LIMITS)
    assert alert.version == 1
    assert rules.see(row, frame(21, seen(20_000), seen(20_000)), LIMITS) == []


def opened(row: Row, at_s: float = 20) -> Alert:
    (alert,) = rules.see(row, frame(at_s, seen(15_000)), LIMITS)
    return alert


def test_a_coloured_area_opens_after_its_time_and_once() -> None:
    row = Row()
    assert rules.see(row, frame(14, seen(14_000)), LIMITS) == []
    (alert,) = rules.see(row, frame(15, seen(15_000)), LIMITS)
    assert (alert.status, alert.version, alert.severity, alert.opened_ms) == ("opened", 1, "warning", 0)
    for second in range(16, 60):
        assert rules.see(row, frame(second, seen(second * 1000)), LIMITS) == []
    assert alert.as_of_ms == 59_000
    assert len(alert.frame_ids) == 5


def test_a_grey_area_takes_longer_and_is_less_severe_until_it_shows_colour() -> None:
    row = Row()
    assert rules.see(row, frame(59, seen(59_000, coloured=False)), LIMITS) == []
    (alert,) = rules.see(row, frame(60, seen(60_000, coloured=False, score=0.3)), LIMITS)
    assert alert.severity == "info"
    assert statuses(rules.see(row, frame(61, seen(61_000)), LIMITS)) == [("opened", 2)]
    assert alert.severity == "warning"


def test_a_person_acknowledges_and_clears_and_the_camera_verifies() -> None:
    row = Row()
    alert = opened(row)
    for action, status in (("acknowledge", "acknowledged"), ("clear", "cleared")):
        done = rules.command(row, f"cmd_{action}", alert.hazard_id, action, "key_1", "mopped", 25_000)
        assert done is alert
        assert alert.status == status
    assert (alert.actor, alert.note) == ("key_1", "mopped")
    assert rules.see(row, frame(30), LIMITS) == []
    assert statuses(rules.see(row, frame(90), LIMITS)) == [("verified", 4)]
    assert row.alerts == {}


def test_cleared_but_still_there_opens_again() -> None:
    row = Row()
    alert = opened(row)
    rules.command(row, "c1", alert.hazard_id, "clear", "key_1", None, 20_000)
    assert rules.see(row, frame(79, seen(90_000)), LIMITS) == []
    assert statuses(rules.see(row, frame(80, seen(90_000)), LIMITS)) == [("opened", 3)]
    assert alert.actor is None


def test_what_is_seen_no_more_is_cleared_then_verified_without_anybody() -> None:
    row = Row()
    opened(row)
    said = [statuses(rules.see(row, frame(second), LIMITS)) for second in range(21, 120)]
    assert [one for one in said if one] == [[("cleared", 2)], [("verified", 3)]]


def test_a_moment_out_of_sight_is_nothing() -> None:
    row = Row()
    opened(row)
    assert rules.see(row, frame(30), LIMITS) == []
    assert rules.see(row, frame(35, seen(30_000)), LIMITS) == []
    assert rules.see(row, frame(54), LIMITS) == []


def test_a_blind_camera_neither_clears_nor_opens() -> None:
    row = Row()
    opened(row)
    for second in range(21, 200):
        assert rules.see(row, frame(second, seen(90_000, box=(0, 0, 0.1, 0.1)), blind=True), LIMITS) == []


def test_an_alert_without_a_word_expires() -> None:
    row = Row()
    opened(row)
    assert rules.pass_time(row, 20_000 + LIMITS.expire_ms, LIMITS) == []
    assert statuses(rules.pass_time(row, 20_001 + LIMITS.expire_ms, LIMITS)) == [("expired", 2)]
    assert row.alerts == {}


def test_a_dismissed_area_stays_dismissed_while_it_is_there() -> None:
    row = Row()
    alert = opened(row)
    rules.command(row, "c1", alert.hazard_id, "dismiss", "key_1", "a rug", 21_000)
    for second in range(22, 300):
        assert rules.see(row, frame(second, seen(second * 1000)), LIMITS) == []
    assert len(row.alerts) == 1


def test_another_camera_with_the_same_nearest_table_sees_the_same_spill() -> None:
    row = Row()
    alert = opened(row)
    elsewhere = (0.1, 0.1, 0.2, 0.2)
    assert rules.see(row, frame(21, seen(20_000, box=elsewhere), camera="cam_2"), LIMITS) == []
    assert alert.as_of_ms == 21_000
    assert alert.box == BOX
    (second,) = rules.see(row, frame(22, seen(20_000, box=elsewhere, near_table_ids=()), camera="cam_2"), LIMITS)
    assert second.hazard_id != alert.hazard_id


def test_two_areas_of_one_frame_are_two_alerts_with_ids_of_their_own() -> None:
    row = Row()
    other = seen(20_000, box=(0.1, 0.8, 0.2, 0.9))
    alerts = rules.see(row, frame(20, seen(20_000), other), LIMITS)
    assert len({alert.hazard_id for alert in alerts}) == 2


def test_a_command_is_applied_once_and_only_where_it_fits() -> None:
    row = Row()
    alert = opened(row)
    assert rules.command(row, "c1", alert.hazard_id, "acknowledge", "k", None, 0) is not None
    assert rules.command(row, "c1", alert.hazard_id, "acknowledge", "k", None, 0) is None
    assert rules.command(row, "c2", alert.hazard_id, "acknowledge", "k", None, 0) is None
    assert rules.command(row, "c3", "haz_unknown", "clear", "k", None, 0) is None
    assert rules.command(row, "c4", alert.hazard_id, "paint", "k", None, 0) is None
    assert alert.version == 2


areas = st.lists(
    st.builds(
        seen,
        still_ms=st.sampled_from([5_000, 15_000, 60_000]),
        coloured=st.booleans(),
        score=st.floats(0, 1),
        box=st.sampled_from([BOX, (0.1, 0.8, 0.2, 0.9), (0.45, 0.6, 0.62, 0.7)]),
    ),
    max_size=2,
)
steps = st.lists(st.tuples(st.sampled_from(["see", "clear", "acknowledge", "dismiss", "blind"]), areas), max_size=40)


@given(steps)
def test_folding_twice_and_through_the_row_changes_nothing(story: list[tuple[str, list[Seen]]]) -> None:
    once, twice = Row(), Row()
    for number, (what, shown) in enumerate(story):
        at_s = number * 7
        first = _apply(once, what, shown, number, at_s)
        twice = Row.read(twice.write(), live=True)
        again = _apply(twice, what, shown, number, at_s)
        assert [(a.hazard_id, a.status, a.version) for a in first] == [
            (a.hazard_id, a.status, a.version) for a in again
        ]
        assert _apply(twice, what, shown, number, at_s) == [], "the same record again says nothing"
    assert once.write() == twice.write()


@given(steps)
def test_versions_rise_by_one_and_each_key_ends_once(story: list[tuple[str, list[Seen]]]) -> None:
    row, versions, over = Row(), {}, set()
    for number, (what, shown) in enumerate(story):
        for alert in _apply(row, what, shown, number, number * 7):
            assert alert.version == versions.get(alert.hazard_id, 0) + 1
            assert alert.hazard_id not in over
            versions[alert.hazard_id] = alert.version
            if alert.status in ("verified", "expired", "dismissed"):
                over.add(alert.hazard_id)


def _apply(row: Row, what: str, shown: list[Seen], number: int, at_s: int) -> list[Alert]:
    if what in ("see", "blind"):
        return rules.see(row, frame(at_s, *shown, blind=what == "blind"), LIMITS)
    changed = [
        rules.command(row, f"c{number}-{name}", name, what, "k", None, at_s * 1000) for name in sorted(row.alerts)
    ]
    return [alert for alert in changed if alert is not None]
