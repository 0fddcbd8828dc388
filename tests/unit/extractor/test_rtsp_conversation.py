"""What a relay makes of questions and answers: hosts, passwords, keepalives, and what FFmpeg cannot live with."""

import pytest

from credentials import Credentials
from extractor.model.camera_failures import TransportNotOffered
from extractor.model.rtsp_conversation import MAX_ATTEMPTS, Conversation
from extractor.model.rtsp_stream import Broken, Message, parse_head

HERE, THERE = "rtsp://127.0.0.1:9", "rtsp://camera:554"
TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"


ADMIN = Credentials("admin", "secret")


def conversation(credentials: Credentials | None = ADMIN) -> Conversation:
    return Conversation(HERE, THERE, credentials, lambda: "cnonce")


def request(method: str, number: int = 1, **headers: str) -> Message:
    given = (("CSeq", str(number)), *((name.replace("_", "-"), value) for name, value in headers.items()))
    return Message(f"{method} {HERE}/stream1 RTSP/1.0", given)


def answer(status: str = "200 OK", *headers: tuple[str, str]) -> Message:
    return Message(f"RTSP/1.0 {status}", headers)


def challenge(nonce: str, **more: str) -> tuple[str, str]:
    fields = {"realm": "r", "nonce": nonce} | more
    return "WWW-Authenticate", "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


def sent(data: bytes) -> Message:
    assert data
    return parse_head(data)


def playing() -> Conversation:
    talk = conversation()
    talk.asked(request("PLAY"))
    talk.answered(answer())
    return talk


def test_the_camera_sees_its_own_address_and_the_reader_its_own_number() -> None:
    talk = conversation()
    first = sent(talk.asked(request("OPTIONS", 7)).to_camera)
    assert (first.first, first.get("cseq")) == (f"OPTIONS {THERE}/stream1 RTSP/1.0", "1")
    assert sent(talk.answered(answer("200 OK", ("CSeq", "99"))).to_reader).get("cseq") == "7"
    other = Message("SETUP rtsp://192.0.2.1/track1 RTSP/1.0", (("CSeq", "8"),))
    assert sent(talk.asked(other).to_camera).address == "rtsp://192.0.2.1/track1"


def test_the_password_is_answered_for_and_the_reader_never_hears_of_it() -> None:
    talk = conversation()
    assert sent(talk.asked(request("DESCRIBE")).to_camera).get("authorization") == ""
    again = talk.answered(answer("401 Unauthorized", challenge("a")))
    assert again.to_reader == b""
    assert 'nonce="a"' in sent(again.to_camera).get("authorization")
    assert sent(talk.answered(answer()).to_reader).status == 200
    assert 'nonce="a"' in sent(talk.asked(request("SETUP")).to_camera).get("authorization")


def test_a_nonce_that_is_too_old_is_replaced() -> None:
    talk = conversation()
    talk.asked(request("DESCRIBE"))
    talk.answered(answer("401 Unauthorized", challenge("a")))
    again = talk.answered(answer("401 Unauthorized", challenge("b", stale="TRUE")))
    assert 'nonce="b"' in sent(again.to_camera).get("authorization")


def test_a_nonce_that_ran_out_without_a_word_is_replaced_once_it_was_good() -> None:
    """Axis M5525: `stale` is not said after 150 seconds."""
    talk = conversation()
    talk.asked(request("DESCRIBE"))
    talk.answered(answer("401 Unauthorized", challenge("a")))
    talk.answered(answer())
    talk.asked(request("SETUP"))
    assert 'nonce="b"' in sent(talk.answered(answer("401 Unauthorized", challenge("b"))).to_camera).get("authorization")


def test_a_wrong_password_is_tried_once() -> None:
    """Cameras count, and lock the door."""
    talk = conversation()
    talk.asked(request("DESCRIBE"))
    talk.answered(answer("401 Unauthorized", challenge("a", stale="FALSE")))
    refused = talk.answered(answer("401 Unauthorized", challenge("b", stale="FALSE")))
    assert refused.to_camera == b""
    told = sent(refused.to_reader)
    assert (told.status, told.get("www-authenticate")) == (401, "")


def test_a_camera_that_calls_every_nonce_stale_is_given_up() -> None:
    talk = conversation()
    talk.asked(request("DESCRIBE"))
    steps = [talk.answered(answer("401 Unauthorized", challenge(str(n), stale="true"))) for n in range(MAX_ATTEMPTS)]
    assert [bool(each.to_camera) for each in steps] == [True] * (MAX_ATTEMPTS - 1) + [False]


def test_without_a_password_nothing_is_tried() -> None:
    talk = conversation(None)
    talk.asked(request("DESCRIBE"))
    assert sent(talk.answered(answer("401 Unauthorized", challenge("a"))).to_reader).status == 401


@pytest.mark.parametrize("status", ["400 Bad Request", "405 Method Not Allowed", "454 Session Not Found", "501 No"])
def test_a_keepalive_that_is_refused_is_replaced_by_the_other_at_once_and_from_then_on(status: str) -> None:
    talk = playing()
    assert sent(talk.asked(request("GET_PARAMETER", 5)).to_camera).method == "GET_PARAMETER"
    refused = talk.answered(answer(status))
    assert (sent(refused.to_camera).method, refused.to_reader) == ("OPTIONS", b"")
    assert sent(talk.answered(answer()).to_reader).get("cseq") == "5"
    assert sent(talk.asked(request("GET_PARAMETER", 6)).to_camera).method == "OPTIONS"


def test_a_camera_that_refuses_both_keepalives_is_left_alone_until_the_next() -> None:
    talk = playing()
    talk.asked(request("OPTIONS", 5))
    talk.answered(answer("501 No"))
    last = talk.answered(answer("501 No"))
    assert (last.to_camera, sent(last.to_reader).status) == (b"", 501)


def test_what_is_missing_in_answers_is_put_in() -> None:
    talk = conversation()
    talk.asked(request("DESCRIBE"))
    described = sent(talk.answered(answer("200 OK", ("Content-Base", "10.0.0.2:1935/"))).to_reader)
    assert described.get("content-base") == "rtsp://10.0.0.2:1935/"
    talk.asked(request("SETUP", Transport=TCP))
    assert sent(talk.answered(answer()).to_reader).get("transport") == TCP
    assert talk.channels == {0, 1}


def test_channels_are_those_that_the_camera_chooses() -> None:
    talk = conversation()
    talk.asked(request("SETUP", Transport=TCP))
    talk.answered(answer("200 OK", ("Transport", "RTP/AVP/TCP;unicast;interleaved=8")))
    assert talk.channels == {8, 9}


@pytest.mark.parametrize(
    "reply", [answer("461 Unsupported Transport"), answer("200 OK", ("Transport", "RTP/AVP;client_port=1-2"))]
)
def test_a_camera_that_sends_another_way_is_no_camera_without_rtsp(reply: Message) -> None:
    talk = conversation()
    talk.asked(request("SETUP", Transport=TCP))
    assert talk.answered(reply).to_reader
    assert isinstance(talk.failure, TransportNotOffered)


def test_answers_that_nobody_asked_for_and_provisional_ones_go_nowhere() -> None:
    talk = conversation()
    assert talk.answered(answer()).to_reader == b""
    talk.asked(request("PLAY"))
    assert talk.answered(answer("100 Continue")).to_reader == b""
    assert talk.answered(answer()).to_reader


def test_a_reader_that_was_taken_over_asks_for_nothing_else() -> None:
    with pytest.raises(Broken):
        conversation().asked(request("RECORD"))


UDP_ANSWER = "RTP/AVP/UDP;unicast;client_port=5000-5001;server_port=6970-6971"


def over_udp(transport: str = UDP_ANSWER) -> tuple[Conversation, Message]:
    """With the answer that the reader gets to SETUP."""
    talk = Conversation(HERE, THERE, None, lambda: "", (5000, 5001))
    talk.asked(request("DESCRIBE"))
    talk.answered(Message("RTSP/1.0 200 OK", (), b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 h265/90000\r\n"))
    asked = sent(talk.asked(request("SETUP", Transport=TCP)).to_camera)
    assert asked.all("transport") == ["RTP/AVP/UDP;unicast;client_port=5000-5001"]
    headers = ("Session", "abc;timeout=60"), ("Transport", transport)
    return talk, sent(talk.answered(answer("200 OK", *headers)).to_reader)


def test_the_camera_is_asked_for_udp_and_the_reader_hears_of_tcp() -> None:
    talk, told = over_udp()
    assert told.get("transport") == TCP
    assert (talk.server_ports, talk.channels, talk.codec, talk.failure) == ((6970, 6971), {0, 1}, "H265", None)


@pytest.mark.parametrize(
    ("port", "ports"),
    [("", (0, 0)), (";server_port=9", (9, 10)), (";server_port=0-0", (0, 0)), (";server_port=99999-1", (0, 0))],
)
def test_a_camera_may_not_say_from_which_ports_it_sends(port: str, ports: tuple[int, int]) -> None:
    talk, _ = over_udp(f"RTP/AVP;unicast;client_port=5000-5001{port}")
    assert talk.server_ports == ports


@pytest.mark.parametrize("transport", [TCP, "RTP/AVP;multicast;destination=239.0.0.1;port=5000-5001"])
def test_an_answer_other_than_udp_to_us_is_refused(transport: str) -> None:
    talk, told = over_udp(transport)
    assert isinstance(talk.failure, TransportNotOffered)
    assert (told.get("transport"), talk.server_ports) == ("", None)


def test_a_camera_that_plays_over_udp_is_told_the_end() -> None:
    talk, _ = over_udp()
    assert talk.farewell() == b""
    talk.asked(request("PLAY"))
    talk.answered(answer())
    farewell = sent(talk.farewell())
    assert (farewell.method, farewell.get("session")) == ("TEARDOWN", "abc")
    assert playing().farewell() == b"", "over TCP the connection is the end"


BASIC = ("WWW-Authenticate", 'Basic realm="r"')


@pytest.mark.parametrize("refusals", [[(BASIC,)], [(), (BASIC,)]])
def test_after_a_digest_the_password_itself_is_never_told(refusals: list[tuple[tuple[str, str], ...]]) -> None:
    """Neither at once nor in a later request, also where an answer that asks for nothing lies between."""
    talk = conversation()
    talk.asked(request("DESCRIBE"))
    talk.answered(answer("401 Unauthorized", challenge("a")))
    for refusal in refusals:
        assert talk.answered(answer("401 Unauthorized", *refusal)).to_camera == b""
        later = sent(talk.asked(request("SETUP")).to_camera)
        assert later.get("authorization").startswith('Digest username="admin"')


def test_a_camera_of_basic_alone_is_told_the_password() -> None:
    talk = conversation()
    talk.asked(request("DESCRIBE"))
    again = talk.answered(answer("401 Unauthorized", BASIC))
    assert sent(again.to_camera).get("authorization").startswith("Basic ")
