"""Writes the topic table between its markers in README.md."""

from schemas.tools.model import Topic

OPEN, CLOSE = "<!-- topics -->", "<!-- /topics -->"


def render(topics: list[Topic], readme: str) -> str:
    """`readme` with the table replaced. Raises ValueError if the markers are not there."""
    before, mark, rest = readme.partition(OPEN)
    _, close, after = rest.partition(CLOSE)
    if not mark or not close:
        raise ValueError(f"README.md lacks {OPEN} and {CLOSE}")
    return f"{before}{OPEN}\n{table(topics)}\n{CLOSE}{after}"


def table(topics: list[Topic]) -> str:
    """A Markdown table, one row a topic."""
    head = "| topic | content | written by | read by (groups) | key | retention |\n|---|---|---|---|---|---|"
    return "\n".join([head, *(_row(topic) for topic in topics)])


def _row(topic: Topic) -> str:
    about = topic.about
    name = f"**{topic.name}**" if about["public"] else topic.name
    text = about["description"] + (" *(draft)*" if about["draft"] else "")
    keys = ", ".join(f"`{key.translate(str.maketrans('', '', '{}'))}`" for key in dict.fromkeys(about["key"].values()))
    retention = "compacted" if about["cleanup"] == "compact" else f"{about['retention_hours'] // 24} days"
    readers = ", ".join(about["consumers"]) or "–"
    return f"| {name} | {text} | {', '.join(about['producers'])} | {readers} | {keys} | {retention} |"
