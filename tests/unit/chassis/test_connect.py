import asyncpg
import pytest
from tests.support.doubles import ManualClock

from chassis.database import connect


class Sleeps(ManualClock):
    """A clock that passes at once, and remembers how long it was slept."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_it_waits_longer_and_longer_for_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[object] = [OSError(), TimeoutError(), asyncpg.CannotConnectNowError("starting"), "pool"]

    async def create_pool(_dsn: str, **_options: object) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(asyncpg, "create_pool", create_pool)
    clock = Sleeps()
    assert await connect("dsn", "toy", clock=clock) == "pool"
    assert [0.05 <= clock.slept[0] <= 0.1, 0.1 <= clock.slept[1] <= 0.2, 0.2 <= clock.slept[2] <= 0.4] == [True] * 3


async def test_a_wrong_password_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def create_pool(_dsn: str, **_options: object) -> object:
        raise asyncpg.InvalidPasswordError

    monkeypatch.setattr(asyncpg, "create_pool", create_pool)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect("dsn", "toy", clock=Sleeps())


async def test_a_schema_is_a_plain_name() -> None:
    with pytest.raises(ValueError, match="not a schema name"):
        await connect("dsn", 'toy"; DROP')
