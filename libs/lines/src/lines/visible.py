"""Text of strangers for a terminal: what would move the cursor, colour, reorder or hide is written as an escape.

Records, file names, labels and answers of servers are text of strangers. Everything that prints one goes through here.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

# C0 and DEL, C1 (U+009B begins an escape sequence as ESC [ does), soft hyphen, bidi marks, embeddings, overrides and
# isolates (U+202E shows text backwards; Unicode TR 36), zero width, line separators, annotations, surrogates, tags
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)


def visible(text: str, keep: str = "\n\t") -> str:
    """`text` with the characters that a terminal obeys or hides as `\\x1b`, `\\u202e`; those in `keep` stay.

    For eyes: a backslash of the text itself is not doubled. `json_text` is exact.
    """
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def on_one_line(text: str) -> str:
    """As `visible`, with line feeds and tabs escaped too: for a cell of a table."""
    return visible(text, keep="")


def json_text(document: object, *, indent: int | None = None) -> str:
    """JSON that a terminal shows as it is and a program reads back exactly. NaN and infinity become null."""
    try:
        text = json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(document), indent=indent, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else _json_escape(found[0]), text)


def visible_fields(_logger: Any, _method: str, fields: Any) -> Any:
    """A structlog processor for a console: every text of a line as `visible` has it."""
    return {name: _visible_value(value) for name, value in fields.items()}


def _visible_value(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    return value if value is None or isinstance(value, bool | int | float) else visible(str(value))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
