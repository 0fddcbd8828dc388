"""The AsyncAPI document as a self-contained page without scripts."""

from collections.abc import Iterator
from html import escape
from typing import Any

import orjson

Channel = dict[str, Any]
Schema = dict[str, Any]

_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>tablewatch topics</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
section{border-top:2px solid #ddd;margin-top:2.5rem;padding-top:.5rem}
code,pre{background:#f4f4f4;border-radius:4px}code{padding:.1em .3em}
pre{padding:.7rem;overflow:auto;font-size:.85rem}table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem}
th{text-align:left;font-weight:600;border-bottom:1px solid #bbb}td,th{padding:.25rem .9rem .25rem 0;vertical-align:top}
td{border-bottom:1px solid #eee}.facts{width:auto}.facts td:first-child{color:#555;white-space:nowrap}
.tag{font-size:.75rem;border:1px solid #999;border-radius:1em;padding:.05em .6em;margin-left:.6em;
vertical-align:middle;white-space:nowrap}
.tag.public{border-color:#1a7f37;color:#1a7f37}.tag.draft{border-color:#9a6700;color:#9a6700}.no{color:#777}
</style></head><body><h1>tablewatch topics</h1>"""

_PROMISES = """<h2 id="reading">Reading a topic</h2><ul>
<li><b>Delivery</b> is at least once. <code>ce_id</code> is the same when an event is sent twice: apply an
effect once for each.</li>
<li><b>Order</b> holds within a key, and nowhere else.</li>
<li><b>Lanes.</b> The first two thirds of the partitions carry live cameras, the rest runs: uploaded videos, which are
processed faster than real time and never change a live state. If you only want live tables, skip what has a
<code>run_id</code>.</li>
<li><b>Tombstones.</b> A null value on a compacted topic deletes its key. Ignore a record, tombstones too, whose
version is not higher than the one you have of the key.</li>
<li><b>Evolution</b> is additive within <code>v1</code>: fields and enum values may be added, limits widened; nothing is
removed, renamed, retyped or tightened. Ignore what you do not know. What is marked <i>draft</i> may still change.</li>
<li><b>Pictures</b> are not in the topics: a record names an object, which was stored before. It may have been
deleted.</li>
<li><b>Times</b> are RFC 3339, UTC, to the millisecond. The capture time is in the value, not in
<code>ce_time</code> or the record's timestamp.</li></ul>"""


def topics_page(document: dict[str, Any]) -> str:
    """HTML of every topic: key, order, retention, who writes and reads it, its fields with units, examples."""
    channels = list(document["channels"].values())
    return "".join([
        _HEAD,
        f"<p>{_text(document['info']['description'])} The whole description, for tools: "
        '<a href="asyncapi.json">asyncapi.json</a> (AsyncAPI 3); the HTTP API: <a href="docs">docs</a>.</p>',
        f"<p>Kafka: {_brokers(document)}</p>",
        _contents(channels),
        _PROMISES,
        _headers(document),
        *(_topic(document, channel) for channel in channels),
        "</body></html>",
    ])  # fmt: skip


def _brokers(document: dict[str, Any]) -> str:
    return ", ".join(f"<code>{escape(each['host'])}</code>" for each in document["servers"].values())


def _contents(channels: list[Channel]) -> str:
    rows = [
        [
            _link(each["address"]) + _tags(each),
            _text(each["description"].partition(" Key: ")[0]),
            _keys(each),
            _retention(each),
        ]
        for each in channels
    ]
    return _table(["Topic", "Content", "Key", "Retention"], rows)


def _headers(document: dict[str, Any]) -> str:
    trait = document["components"]["messageTraits"]["cloudevent"]["headers"]
    rows = [
        [
            f"<code>{escape(name)}</code>",
            "always" if name in trait["required"] else "if there is one",
            _text(each["description"]),
        ]
        for name, each in trait["properties"].items()
    ]
    return '<h2 id="headers">Headers of every record</h2>' + _table(["Header", "Present", "Meaning"], rows)


def _topic(document: dict[str, Any], channel: Channel) -> str:
    (name,) = channel["messages"]
    message = document["components"]["messages"][name]
    fields = _table(["Field", "Type", "Meaning"], list(_fields(document["components"]["schemas"][name])))
    examples = "".join(_example(each) for each in message["examples"])
    address = escape(channel["address"])
    return (
        f'<section id="{address}"><h2>{address}{_tags(channel)}</h2><p>{_text(message["summary"])}</p>'
        f"{_facts(document, channel)}<h3>Value</h3>{fields}<h3>Examples</h3>{examples}</section>"
    )


def _facts(document: dict[str, Any], channel: Channel) -> str:
    writers = {
        each["channel"]["$ref"].rpartition("/")[2]: each["summary"].partition(" writes ")[0]
        for each in document["operations"].values()
    }
    name = next(name for name, each in document["channels"].items() if each is channel)
    identity = ", ".join(f"<code>{escape(each)}</code>" for each in channel["x-identity"])
    version = channel["x-version-field"]
    rows = [
        ["Key", _keys(channel)],
        ["Order", "by key; the partition follows from key and lane"],
        ["Retention", _retention(channel)],
        ["Written by", escape(writers[name])],
        ["Read by (groups)", escape(", ".join(channel["x-consumers"]) or "none of ours")],
        ["Event id made of", identity],
        *(
            [["Version of the key", f"<code>{escape(version)}</code>, and header <code>ce_version</code>"]]
            if version
            else []
        ),
        ["Data", escape(channel["x-classification"])],
        ["Type", f"<code>tablewatch.{escape(channel['address'])}.v1</code>"],
    ]
    cells = "".join(f"<tr><td>{name}</td><td>{cell}</td></tr>" for name, cell in rows)
    return f'<table class="facts">{cells}</table>'


def _fields(schema: Schema, prefix: str = "") -> Iterator[list[str]]:
    """A row for each field, those of inner objects after it with their path."""
    for name, each in schema["properties"].items():
        path = prefix + name
        absent = "" if name in schema["required"] else ' <span class="no">may be absent</span>'
        yield [f"<code>{escape(path)}</code>", _type(each) + absent, _text(each.get("description", "")) + _known(each)]
        inner, mark = (each["items"], "[].") if "items" in each else (each, ".")
        if "properties" in inner:
            yield from _fields(inner, path + mark)


def _type(schema: Schema) -> str:
    types: list[str] = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    bare = next(each for each in types if each != "null")
    if bare == "array":
        bare = f"array of {_type(schema['items'])}"
    elif schema.get("format") == "date-time":
        bare = "time"
    return bare + _limits(schema) + (" or null" if "null" in types else "")


def _limits(schema: Schema) -> str:
    """`0 to 1`, `at least 0`, `1 to 200 characters`, `4 items`."""
    pairs = (("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " items"))
    for low, high, unit in pairs:
        least, most = schema.get(low), schema.get(high)
        if least is None and most is None:
            continue
        if least == most:
            return f", {least}{unit}"
        if most is None:
            return f", at least {least}{unit}"
        return f", at most {most}{unit}" if least is None else f", {least} to {most}{unit}"
    return ""


def _known(schema: Schema) -> str:
    values = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    known = ", ".join(f"<code>{escape(str(each))}</code>" for each in values if each is not None)
    return f"<br>Known values: {known}." if known else ""


def _example(example: dict[str, Any]) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in example["headers"].items())
    value = orjson.dumps(example["payload"], option=orjson.OPT_INDENT_2).decode()
    key = example["headers"].get("ce_subject", "none")
    return (
        f"<details><summary>{escape(example['name'])}, key <code>{escape(key)}</code></summary>"
        f"<pre>{escape(headers)}</pre><pre>{escape(value)}</pre></details>"
    )


def _keys(channel: Channel) -> str:
    keys = channel["x-key"]
    if len(set(keys.values())) == 1:
        return f"<code>{escape(next(iter(keys.values())))}</code>"
    return "<br>".join(f"{lane}: <code>{escape(template)}</code>" for lane, template in keys.items())


def _retention(channel: Channel) -> str:
    configuration = channel["bindings"]["kafka"]["topicConfiguration"]
    if "retention.ms" in configuration:
        return f"{configuration['retention.ms'] // 86_400_000} days"
    return f"the newest of each key; a tombstone {configuration['delete.retention.ms'] // 86_400_000} days"


def _tags(channel: Channel) -> str:
    public = '<span class="tag public">main contract</span>' if channel["x-public"] else ""
    return public + ('<span class="tag draft">draft</span>' if channel["x-draft"] else "")


def _link(address: str) -> str:
    return f'<a href="#{escape(address)}">{escape(address)}</a>'


def _table(head: list[str], rows: list[list[str]]) -> str:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{each}</th>' for each in head)}</tr>{cells}</table>"


def _text(text: str) -> str:
    """Prose of the schemas, where `backticks` mark code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
