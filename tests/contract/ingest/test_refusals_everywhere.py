"""Every refusal, everywhere: REST, `video.rejected`, the job and the command line have one code and one sentence.

What the page shows of them is walked through in web/tests/refusals.test.tsx, from the same list.
"""

import json
from unittest.mock import Mock

import pytest
from tests.contract.ingest.test_ingest_events import NOW, read, upload
from tests.unit.api.events_of_a_run import EVENTS, run

from api.model.job import document, is_visible_change
from api.model.job_transitions import apply_events
from api.model.run_facts import RunFacts
from ingest import events
from ingest.http.problems import on_refusal
from ingest.refusals import REFUSALS, NoRoom
from tablewatch_cli import output
from tablewatch_cli.client import problem
from tablewatch_schemas import UploadRefused, VideoRejected

DETAILS = [None, "It is 4000 x 3000."]
CODES = list(REFUSALS)
FINAL = [code for code in CODES if REFUSALS[code].final]


def reason_of(code: str, detail: str | None) -> str:
    return f"{REFUSALS[code].sentence} {detail}" if detail else REFUSALS[code].sentence


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("code", CODES)
async def test_by_rest_and_at_the_terminal(code: str, detail: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    answer = await on_refusal(Mock(), REFUSALS[code](detail or ""))
    body = json.loads(bytes(answer.body))
    assert (answer.status_code, answer.media_type) == (REFUSALS[code].status, "application/problem+json")
    assert (body["code"], body["title"], body["detail"]) == (code, REFUSALS[code].sentence, reason_of(code, detail))
    assert (body["status"], body["retryable"]) == (REFUSALS[code].status, REFUSALS[code].retryable)
    output.error(problem(answer.status_code, bytes(answer.body)), as_json_too=False)
    assert capsys.readouterr().err == f"error: {code}: {reason_of(code, detail)}\n"


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("code", FINAL)
def test_on_the_topic_and_in_the_job(code: str, detail: str | None) -> None:
    event = read(events.video_rejected_event(upload(), REFUSALS[code](detail or ""), 17, NOW)).event
    assert isinstance(event, VideoRejected)
    assert (event.code, event.reason, event.retryable) == (code, reason_of(code, detail), REFUSALS[code].retryable)
    job = document(run(), apply_events(run(), RunFacts(), [(event, NOW)])[0])
    assert job["status"] == "failed"
    assert job["error"] == {"code": code, "reason": reason_of(code, detail), "retryable": REFUSALS[code].retryable}


@pytest.mark.parametrize("refusal", list(NoRoom.each()))
def test_what_found_no_room_is_shown_by_the_job_that_waits(refusal: type[NoRoom]) -> None:
    event = read(events.upload_refused_event(upload().run, refusal("3 are left."), NOW)).event
    assert isinstance(event, UploadRefused)
    shown = {"code": refusal.code, "reason": f"{refusal.sentence} 3 are left."}
    facts = apply_events(run(), RunFacts(), [(event, NOW)])[0]
    job = document(run(), facts)
    assert (job["status"], job["waiting"], job["error"]) == ("awaiting_file", shown, None)
    assert is_visible_change(document(run(), RunFacts()), job)
    stored = apply_events(run(), RunFacts.from_json(facts.to_json()), [(EVENTS.uploaded(), NOW)])[0]
    late = apply_events(run(), stored, [(event, NOW)])[0]  # another topic: it may come after the file
    for each in (stored, late):
        assert (document(run(), each)["status"], document(run(), each)["waiting"]) == ("queued", None)
    assert document(run(), facts.cancel(NOW))["waiting"] is None


def test_a_sentence_says_what_is_wrong_and_what_to_do() -> None:
    for refusal in REFUSALS.values():
        assert refusal.sentence.endswith(".") and len(refusal.sentence) <= 120, refusal.code
        assert refusal.status >= 400
    assert len({refusal.sentence for refusal in REFUSALS.values()}) == len(REFUSALS)
