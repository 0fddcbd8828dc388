"""Writes the list of contracts that the wheel ships between its markers in pyproject.toml."""

from schemas.tools.model import Topic

OPEN, CLOSE = "# <contracts>", "# </contracts>"


def render(topics: list[Topic], pyproject: str) -> str:
    """`pyproject` with the list replaced. Raises ValueError if the markers are not there."""
    before, mark, rest = pyproject.partition(OPEN)
    _, close, after = rest.partition(CLOSE)
    if not mark or not close:
        raise ValueError(f"pyproject.toml lacks {OPEN} and {CLOSE}")
    return f"{before}{OPEN}\n{_lines(topics)}\n{CLOSE}{after}"


def _lines(topics: list[Topic]) -> str:
    names = ["asyncapi.yaml", *sorted(topic.name for topic in topics)]
    return "\n".join(f'"{name}" = "tablewatch_schemas/contracts/{name}"' for name in names)
