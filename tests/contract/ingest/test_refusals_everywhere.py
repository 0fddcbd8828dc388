"""Every refusal, everywhere: REST, `video.rejected`, the job and the command line say one code and one sentence.

What the page shows of them is walked through in web/tests/refusals.test.ts, from the same list.
"""

import json
from unittest.mock import Mock

import pytest
from tests.contract.ingest.test_ingest_events import NOW, read, upload
from tests.unit.api.events_of_a_run import run

from api.project.fold import Facts
from api.project.history import follow
from api.project.job import document
from ingest import events
from ingest.http.problems import on_refused
from ingest.refusals import REFUSALS, Refused
from tablewatch_cli import output
from tablewatch_cli.client import problem
from tablewatch_schemas import VideoRejected

DETAILS = [None, "It is 4000 x 3000."]
CODES = list(REFUSALS)
FINAL = [code for code in CODES if REFUSALS[code].final]


def reason_of(code: str, detail: str | None) -> str:
    return f"{REFUSALS[code].sentence} {detail}" if detail else REFUSALS[code].sentence


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("code", CODES)
async def test_by_rest_and_at_the_terminal(code: str, detail: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    answer = await on_refused(Mock(), Refused(code, detail))
    said = json.loads(bytes(answer.body))
    assert (answer.status_code, answer.media_type) == (REFUSALS[code].status, "application/problem+json")
    assert (said["code"], said["title"], said["detail"]) == (code, REFUSALS[code].sentence, reason_of(code, detail))
    assert (said["status"], said["retryable"]) == (REFUSALS[code].status, REFUSALS[code].retryable)
    output.error(problem(answer.status_code, bytes(answer.body)), json_wanted=False)
    assert capsys.readouterr().err == f"error: {code}: {reason_of(code, detail)}\n"


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("code", FINAL)
def test_on_the_topic_and_in_the_job(code: str, detail: str | None) -> None:
    event = read(events.rejected(upload(), Refused(code, detail), 17, NOW)).event
    assert isinstance(event, VideoRejected)
    assert (event.code, event.reason, event.retryable) == (code, reason_of(code, detail), REFUSALS[code].retryable)
    job = document(run(), follow(run(), Facts(), [(event, NOW)])[0])
    assert job["status"] == "failed"
    assert job["error"] == {"code": code, "reason": reason_of(code, detail), "retryable": REFUSALS[code].retryable}


def test_a_sentence_says_what_is_wrong_and_what_to_do() -> None:
    for refusal in REFUSALS.values():
        assert refusal.sentence.endswith(".") and len(refusal.sentence) <= 120, refusal.code
        assert refusal.status >= 400
    assert len({refusal.sentence for refusal in REFUSALS.values()}) == len(REFUSALS)
