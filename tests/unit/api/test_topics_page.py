"""The topics as a page: nothing of the document is left out, and it loads nothing."""

import re
from typing import Any

import orjson
import pytest

from api.http.pages import asyncapi_document, servers, topics_html
from api.http.topics_page import topics_page
from tablewatch_schemas import TOPICS
from tablewatch_schemas.contracts import schema


def fields(of: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Path and description of every field."""
    found = []
    for name, each in of["properties"].items():
        found.append((prefix + name, each["description"]))
        inner, mark = (each["items"], "[].") if "items" in each else (each, ".")
        if "properties" in inner:
            found += fields(inner, prefix + name + mark)
    return found


def section(topic: str) -> str:
    """The topic's part of the page."""
    return topics_html().partition(f'<section id="{topic}">')[2].partition("</section>")[0]


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_each_topic_says_key_groups_identity_and_every_field(topic: str) -> None:
    result, info = section(topic), TOPICS[topic]
    for path, description in fields(schema(topic)):
        assert f"<code>{path}</code>" in result
        assert description.split("`")[0][:40].replace("'", "&#x27;") in result
    for template in (info.key_live, info.key_run):
        assert template is None or f"<code>{template}</code>" in result
    assert ", ".join(info.consumers) in result
    assert all(f"<code>{name}</code>" in result for name in info.identity)
    assert "<details>" in result and info.ce_type in result


def test_units_limits_and_known_values_are_told() -> None:
    result = section("table.state")
    assert "number, 0 to 1" in result
    assert "Known values: <code>free</code>" in result
    assert "the newest of each key; a tombstone 7 days" in result
    assert "string, 1 to 200 characters or null" in result


def test_it_loads_nothing_and_every_link_leads_somewhere() -> None:
    page = re.sub("<pre>.*?</pre>", "", topics_html(), flags=re.DOTALL)  # examples hold addresses, as text
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?://", page.replace("http://www.w3.org", ""))
    inside = set(re.findall(r'href="#([^"]+)"', page))
    assert inside <= set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="([^#"][^"]*)"', page)) == {"asyncapi.json", "docs"}


def test_what_a_schema_says_is_text_and_no_markup() -> None:
    document = orjson.loads(asyncapi_document())
    payload = document["components"]["schemas"]["TableState"]["properties"]["table_id"]
    payload["description"] = "<script>alert(1)</script> of `<b>`"
    page = topics_page(document)
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; of <code>&lt;b&gt;</code>" in page


def test_the_document_has_the_brokers_of_the_installation() -> None:
    document = orjson.loads(asyncapi_document("kafka-1:9092, kafka-2:9092"))
    assert document["servers"] == servers("kafka-1:9092,kafka-2:9092")
    assert [each["host"] for each in document["servers"].values()] == ["kafka-1:9092", "kafka-2:9092"]
    assert "<code>kafka-2:9092</code>" in topics_html("kafka-1:9092,kafka-2:9092")
    assert [each["host"] for each in orjson.loads(asyncapi_document())["servers"].values()] == ["127.0.0.1:8720"]
