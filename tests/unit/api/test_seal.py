"""What is sealed opens with its key and no other, and not when it was changed."""

import pytest

from api.model.seal import SealBroken, derive, seal, unseal


def test_it_opens_with_its_key_and_no_other() -> None:
    key = derive("secret", "key_1", "/v1/keys", "mine")
    sealed = seal(key, b"twk_text")
    assert unseal(key, sealed) == b"twk_text"
    assert b"twk_text" not in sealed
    assert seal(key, b"twk_text") != sealed
    for other in (derive("other", "key_1", "/v1/keys", "mine"), derive("secret", "key_1", "/v1/keys", "theirs")):
        with pytest.raises(SealBroken):
            unseal(other, sealed)


@pytest.mark.parametrize("at", [0, 13, -1])
def test_a_changed_one_does_not_open(at: int) -> None:
    key = derive("secret")
    sealed = bytearray(seal(key, b"text"))
    sealed[at] ^= 1
    with pytest.raises(SealBroken):
        unseal(key, bytes(sealed))
