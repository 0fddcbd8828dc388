"""Digest and Basic: examples of the RFCs, what is chosen, and what no camera is told."""

from credentials import Credentials
from extractor.model.digest import Basic, Challenge, chosen

MUFASA = Credentials("Mufasa", "Circle of Life")
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def answered(header: str, credentials: Credentials, method: str, uri: str, cnonce: str = "") -> str:
    challenge = chosen([header])
    assert challenge is not None
    return challenge.header(credentials, method, uri, lambda: cnonce)


def test_examples_of_rfc_7616() -> None:
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    responses = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, response in responses.items():
        made = answered(RFC_7616.format(algorithm), MUFASA, "GET", "/dir/index.html", cnonce)
        assert f'response="{response}"' in made
        assert f"algorithm={algorithm}" in made
        assert "nc=00000001" in made
        assert 'opaque="FQhe' in made


def test_the_example_of_rfc_2617_without_qop() -> None:
    """As RFC 2069 has it; computed with another program."""
    header = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    made = answered(header, Credentials("Mufasa", "Circle Of Life"), "GET", "/dir/index.html")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in made
    assert "qop" not in made
    assert "algorithm" not in made


def test_each_answer_with_a_nonce_has_the_next_number() -> None:
    challenge = chosen([RFC_7616.format("MD5")])
    assert isinstance(challenge, Challenge)
    made = [challenge.header(MUFASA, "GET", "/", lambda: "c") for _ in range(2)]
    assert ["nc=00000001" in made[0], "nc=00000002" in made[1]] == [True, True]


def test_a_session_algorithm_is_known() -> None:
    made = answered(RFC_7616.format("MD5-sess"), MUFASA, "GET", "/", "c")
    assert "algorithm=MD5-sess" in made
    assert 'cnonce="c"' in made


def test_basic_is_told_only_where_nothing_else_is_offered() -> None:
    digest, unknown = 'Digest realm="a", nonce="b"', 'Digest realm="a", nonce="b", algorithm="SHA3-512"'
    assert isinstance(chosen(['Basic realm="a"']), Basic)
    assert isinstance(chosen(['Basic realm="a"', digest]), Challenge)
    assert isinstance(chosen([f'Basic realm="a", {digest}']), Challenge)
    assert chosen([unknown, 'Basic realm="a"']) is None
    assert chosen(['Digest realm="a", nonce="b", qop="auth-int"']) is None
    assert chosen(["Negotiate"]) is None


def test_the_first_digest_that_is_known_is_taken() -> None:
    offered = ['Digest realm="a", nonce="n", algorithm="SHA3-512"', 'Digest realm="a", nonce="n", algorithm="SHA-256"']
    taken = chosen([*offered, 'Digest realm="a", nonce="n"'])
    assert isinstance(taken, Challenge)
    assert taken.algorithm == "SHA-256"


def test_quotes_and_other_alphabets_go_through() -> None:
    made = answered('digest realm="a \\"b\\"",nonce=n,stale=FALSE', Credentials('a"b', "ø"), "OPTIONS", "rtsp://c/")
    assert 'username="a\\"b"' in made
    assert 'realm="a \\"b\\""' in made
    basic = answered('BASIC realm="a"', Credentials("a", "ø"), "OPTIONS", "rtsp://c/")
    assert basic == "Basic YTrDuA=="


def test_a_challenge_that_is_too_long_counts_as_not_known() -> None:
    """It would be parsed and sent back again and again, whoever sits at the address."""
    assert chosen([f'Digest realm="r", nonce="{"n" * 3000}"', "Basic"]) is None
    assert chosen([f'Digest realm="r", nonce="n", {"a" * 1900}']) == Challenge({"realm": "r", "nonce": "n"})
