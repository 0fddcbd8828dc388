"""The id that a new broker's storage is formatted with."""

import base64
import uuid

from stack.kafka import cluster_id


def test_no_id_looks_like_an_option() -> None:
    minus = uuid.UUID(bytes=b"\xf8" + bytes(15))
    assert base64.urlsafe_b64encode(minus.bytes).startswith(b"-")
    assert cluster_id(minus) == "A" + 21 * "A"


def test_any_other_id_is_the_uuid_itself() -> None:
    random = uuid.UUID("0197e4b5-0000-4000-8000-0123456789ab")
    assert base64.urlsafe_b64decode(cluster_id(random) + "==") == random.bytes
