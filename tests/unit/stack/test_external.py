"""A part that the caller named and that cannot be used is named with what is wrong, before anything is called ready."""

import pytest
from stack import external
from stack.external import external_store, wait_for_external
from stack.ports import free_ports
from stack.settings import StackError


async def test_nothing_listens_at_s3_url(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("S3_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(external, "TIMEOUT_S", 0.5)
    steps: list[str] = []
    with pytest.raises(StackError, match="object store that you named cannot be used: store_unreachable: ") as raised:
        await wait_for_external("object store", external_store(), steps.append)
    assert "Connection refused" in str(raised.value)
    assert "correct S3_URL" in str(raised.value)
    assert len(steps) == 1, "said once, however often it was asked"


async def test_one_that_answers_later(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    answers = iter([ConnectionRefusedError("refused"), ConnectionRefusedError("refused")])

    async def probe() -> None:
        for error in answers:
            raise error

    await wait_for_external("Kafka", probe, steps.append)
    assert steps == ["Kafka: waiting for yours: refused", "Kafka: yours answers"]
