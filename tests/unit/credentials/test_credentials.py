"""Sealed credentials: readable by one key, for one camera at one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials import Credentials, NotReadable, private_key, public_pem, seal, unseal

KEY = private_key("s" * 32)
PEM = public_pem(KEY)
CAMERA, ADDRESS = "cam_1", "rtsp://192.168.1.20/stream1"


@given(st.text(max_size=200), st.text(max_size=400))
def test_what_was_sealed_comes_back(user: str, password: str) -> None:
    given_ones = Credentials(user, password)
    assert unseal(KEY, CAMERA, ADDRESS, seal(PEM, CAMERA, ADDRESS, given_ones)) == given_ones


def test_the_same_secret_is_the_same_key_and_another_is_not() -> None:
    assert public_pem(private_key("s" * 32)) == PEM
    sealed = seal(PEM, CAMERA, ADDRESS, Credentials("admin", "secret"))
    with pytest.raises(NotReadable):
        unseal(private_key("t" * 32), CAMERA, ADDRESS, sealed)
    with pytest.raises(ValueError, match="less than 32"):
        private_key("short")


@pytest.mark.parametrize(("camera", "address"), [("cam_2", ADDRESS), (CAMERA, "rtsp://192.168.1.66/stream1")])
def test_for_another_camera_or_address_it_is_not_readable(camera: str, address: str) -> None:
    sealed = seal(PEM, CAMERA, ADDRESS, Credentials("admin", "secret"))
    with pytest.raises(NotReadable):
        unseal(KEY, camera, address, sealed)


@given(st.binary(max_size=600))
def test_any_bytes_are_refused(sealed: bytes) -> None:
    with pytest.raises(NotReadable):
        unseal(KEY, CAMERA, ADDRESS, sealed)


def test_nothing_of_it_shows() -> None:
    sealed = seal(PEM, CAMERA, ADDRESS, Credentials("admin", "secret"))
    assert b"secret" not in sealed
    assert sealed != seal(PEM, CAMERA, ADDRESS, Credentials("admin", "secret"))
    assert len(sealed) == len(seal(PEM, CAMERA, ADDRESS, Credentials("administrator", "a much longer one")))
    assert "secret" not in repr(Credentials("admin", "secret"))
