"""The page's client listens for what the api sends."""

import re
from pathlib import Path

from schemas.tools.model import load

from api.model.projections import READ_MODELS, STREAM_TOPICS, TOPIC_OF_END

STREAM_TS = Path("web/src/client/stream.ts").read_text()
EVENTS_PY = Path("services/api/src/api/model/events.py").read_text()


def _listed(source: str) -> set[str]:
    return set(re.findall(r"'([a-z.]+)'", source))


def _block(start: str, end: str) -> str:
    return STREAM_TS.partition(start)[2].partition(end)[0]


def test_the_streamed_topics_are_those_with_a_read_model() -> None:
    assert {topic.name for topic in load() if topic.about.get("streamed")} == set(READ_MODELS)


def test_the_client_listens_for_every_type_of_the_api() -> None:
    own = _listed(_block("const API_TYPES = [", "]"))
    topics = set(STREAM_TOPICS) - set(READ_MODELS)
    others = set(re.findall(r'"((?:site|section)\.[a-z]+)"', EVENTS_PY)) | {
        "site.deleted",
        "snapshot",
        "resume",
        "resync",
        "heartbeat",
    }
    assert own == topics | set(TOPIC_OF_END) | others


def test_the_client_filters_by_every_topic_of_the_stream() -> None:
    own = _listed(_block("export type Topic =", "\n"))
    assert own == set(STREAM_TOPICS) - set(READ_MODELS)
