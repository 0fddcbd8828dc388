"""Whose record it is, for the dead-letter fuse; and that every consumer of ours counts by that."""

import ast
from pathlib import Path

import pytest

from chassis.records import Record
from events.producers import own_producer

SERVICES = Path(__file__).parents[3] / "services"


@pytest.mark.parametrize(
    ("topic", "source", "producer"),
    [
        ("frame.extracted", b"tablewatch/extractor", "extractor"),
        ("frame.extracted", b"tablewatch/cropper", None),
        ("frame.extracted", b"extractor", None),
        ("frame.extracted", b"\xff", None),
        ("frame.extracted", None, None),
        ("no.topic.of.ours", b"tablewatch/extractor", None),
    ],
)
def test_own_producer(topic: str, source: bytes | None, producer: str | None) -> None:
    headers = () if source is None else (("ce_source", source),)
    assert own_producer(Record(topic, 0, 0, 0, None, b"{}", headers)) == producer


def test_every_consumer_and_fold_has_that_fuse() -> None:
    consuming = [
        node
        for path in SERVICES.glob("*/src/*/__main__.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"ConsumeOptions", "FoldOptions"}
    ]
    assert len(consuming) >= 7
    for call in consuming:
        fuse = {keyword.arg: keyword.value for keyword in call.keywords}.get("fuse")
        assert isinstance(fuse, ast.Name) and fuse.id == "FUSE"
