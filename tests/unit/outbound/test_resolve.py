"""Resolving: one question, and its answer is what is connected to."""

from collections.abc import Sequence

import pytest

from outbound import Endpoint, NoSuchHost, NotAllowed, Policy, parse, resolve

RTSP = {"rtsp": 554}
LAN = Policy.read("192.168.0.0/16", "")


class Names:
    """A name service that answers each question with the next of its answers."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_name_that_changes_its_mind_is_asked_once() -> None:
    names = Names(["192.168.1.20"], ["127.0.0.1"])
    found = await resolve(parse("rtsp://camera.example/1", RTSP), LAN, names)
    assert (str(found.ip), found.port) == ("192.168.1.20", 554)
    assert names.asked == 1


async def test_of_several_addresses_the_first_that_is_permitted() -> None:
    found = await resolve(
        parse("rtsp://camera.example/", RTSP), LAN, Names(["127.0.0.1", "fe80::1%eth0", "192.168.1.20"])
    )
    assert str(found.ip) == "192.168.1.20"


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["169.254.169.254", "::1"], ["10.0.0.1"], ["::ffff:127.0.0.1"]])
async def test_a_name_that_leads_to_what_is_not_allowed(answer: list[str]) -> None:
    with pytest.raises(NotAllowed) as refused:
        await resolve(parse("rtsp://camera.example/", RTSP), LAN, Names(answer))
    assert not any(ip in str(refused.value) for ip in answer)


@pytest.mark.parametrize("answer", [OSError("no such name"), UnicodeError("label too long"), TimeoutError(), []])
async def test_a_name_that_nobody_knows(answer: Sequence[str] | Exception) -> None:
    with pytest.raises(NoSuchHost):
        await resolve(parse("rtsp://camera.example/", RTSP), LAN, Names(answer))


async def test_the_systems_own_service_reads_addresses_in_digits() -> None:
    found = await resolve(parse("rtsp://127.0.0.1:8554/", RTSP), Policy.read("", "127.0.0.1:8554"))
    assert found == Endpoint(found.ip, 8554)
    with pytest.raises(NotAllowed):
        await resolve(parse("rtsp://localhost:8555/", RTSP), Policy())
