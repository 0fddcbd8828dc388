import pytest
from pydantic import SecretStr

from objects.links import BadLink, LinkSigner

SIGNER = LinkSigner(SecretStr("secret"), "http://127.0.0.1:8700/")
KEY = "frames/site_1/run_1/000000001.jpg"


def signature(url: str) -> str:
    return url.split("signature=")[1].split("&")[0]


def test_a_link_is_an_address_of_the_api() -> None:
    url = SIGNER.sign(KEY, 1000)
    assert url.startswith(f"http://127.0.0.1:8700/v1/objects/{KEY}?expires=1000&signature=")


def test_a_link_holds_until_it_expires() -> None:
    good = signature(SIGNER.sign(KEY, 1000))
    SIGNER.verify(KEY, 1000, good, 999.9)
    with pytest.raises(BadLink) as refused:
        SIGNER.verify(KEY, 1000, good, 1000)
    assert refused.value.code == "link_expired"


@pytest.mark.parametrize(
    ("key", "expires", "filename"),
    [("frames/site_2/run_1/000000001.jpg", 1000, None), (KEY, 2000, None), (KEY, 1000, "other.jpg"), (KEY, 100, None)],
)
def test_nothing_in_a_link_can_be_changed(key: str, expires: int, filename: str | None) -> None:
    good = signature(SIGNER.sign(KEY, 1000))
    with pytest.raises(BadLink) as refused:
        SIGNER.verify(key, expires, good, 0, filename)
    assert refused.value.code == "link_invalid"


def test_the_file_name_is_signed_too() -> None:
    url = SIGNER.sign(KEY, 1000, "table 7.jpg")
    assert "filename=table+7.jpg" in url
    SIGNER.verify(KEY, 1000, signature(url), 0, "table 7.jpg")


def test_another_secret_and_odd_signatures_are_refused() -> None:
    other = LinkSigner(SecretStr("another"), "http://127.0.0.1:8700")
    for bad in (signature(other.sign(KEY, 1000)), "", "ä", "0" * 64):
        with pytest.raises(BadLink):
            SIGNER.verify(KEY, 1000, bad, 0)


def test_the_secret_is_not_shown() -> None:
    signer = LinkSigner(SecretStr("hunter2"), "http://api")
    assert "hunter2" not in repr(vars(signer))
