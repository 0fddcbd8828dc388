"""What the api refuses of an action on an alert is exactly what the fold of hazard would not apply."""

import itertools
from datetime import timedelta

import pytest
from tests.unit.api.events_of_a_run import EVENTS, NOW, run

from api.model.errors import ApiError
from api.model.hazard_actions import check_action
from api.model.job import Video
from api.model.run_facts import RunFacts, apply_event
from hazard.follow.row import Alert, Row
from hazard.follow.rules import apply_command
from tablewatch_schemas.hazard_actions import ACTIONS, CLOSED, OPEN

STATUSES = (*sorted(OPEN), "cleared", *sorted(CLOSED))


def row(status: str) -> Row:
    alert = Alert(
        hazard_id="haz_1", camera_id="cam_1", kind="spill", status=status, version=3, severity="warning",
        confidence=0.9, box=(0, 0, 1, 1), near_table_ids=(), opened_ms=0, as_of_ms=0, frame_ids=(), frame_key=None,
        detector=("motion", "1"),
    )  # fmt: skip
    # what the fold drops at once is no longer in its row
    return Row(live=True, alerts={} if status in ("verified", "expired") else {"haz_1": alert})


@pytest.mark.parametrize(("status", "action"), list(itertools.product(STATUSES, ACTIONS)))
def test_refused_is_what_the_fold_would_not_apply(status: str, action: str) -> None:
    applied = apply_command(row(status), "cmd_1", "haz_1", action, "key_1", None, 1)
    document = {"hazard_id": "haz_1", "status": status, "run_id": None}
    if applied is not None:
        check_action(document, action, None)
        assert applied.status == ACTIONS[action][1]
        return
    with pytest.raises(ApiError) as refused:
        check_action(document, action, None)
    assert refused.value.code == ("hazard_closed" if status in CLOSED else "hazard_status_conflict")
    assert status in str(refused.value)


@pytest.mark.parametrize("action", ACTIONS)
def test_of_a_run(action: str) -> None:
    document = {"hazard_id": "haz_1", "status": "opened", "run_id": "run_1"}
    video = Video(run=run(), facts=RunFacts())
    check_action(document, action, video)
    end = EVENTS.hazard("end-run_1", 1, "ended")
    for over in (apply_event(RunFacts(), end, NOW), RunFacts().cancel(NOW + timedelta(seconds=1))):
        with pytest.raises(ApiError) as refused:
            check_action(document, action, video.with_facts(over))
        assert refused.value.code == "hazards_ended"
    with pytest.raises(ApiError) as gone:
        check_action(document, action, None)
    assert gone.value.code == "hazard_not_found"
