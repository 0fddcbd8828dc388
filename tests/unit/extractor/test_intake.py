"""What the intake refuses before it writes a job."""

from unittest.mock import MagicMock

import pytest
from tests.support.doubles import ManualClock
from tests.unit.extractor.test_extractor_events import UPLOAD

from chassis.consume import Invalid
from chassis.records import Record
from extractor.files.intake import Intake
from tablewatch_schemas import VideoUploadedSampling, encode, replace


@pytest.mark.parametrize(("mode", "every_ms"), [("cadence", None), ("all", 1000)])
async def test_an_upload_whose_sampling_is_not_valid_is_a_dead_letter(mode: str, every_ms: int | None) -> None:
    upload = replace(UPLOAD, sampling=VideoUploadedSampling(mode=mode, every_ms=every_ms))
    sent = encode(upload, source="tablewatch/test", time=UPLOAD.uploaded_at)
    record = Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)
    pool = MagicMock()
    pool.acquire.return_value.__aenter__.return_value = MagicMock()
    with pytest.raises(Invalid) as refused:
        await Intake(pool, ManualClock()).handle(record)
    assert refused.value.code == "wrong_sampling"
