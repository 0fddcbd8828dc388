"""Text of strangers: nothing that a terminal obeys or hides gets through, and JSON stays exact."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines.visible import json_text, on_one_line, visible, visible_fields

HOSTILE = {
    "\x1b[2J": "\\x1b[2J",  # clears the screen
    "\x9b31m": "\\x9b31m",  # the same sequence begun by one C1 control
    "a\u202egpj.exe": "a\\u202egpj.exe",  # shown as aexe.jpg
    "\u2066\u2069\u061c": "\\u2066\\u2069\\u061c",
    "pay\u200bpal": "pay\\u200bpal",
    "\x07\x08\r": "\\x07\\x08\\x0d",
    "\ud800": "\\ud800",
    "\U000e0041": "\\U000e0041",
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items(), ids=map(ascii, HOSTILE))
def test_what_a_terminal_obeys_or_hides_is_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert json.loads(json_text({text: [text]})) == {text: [text]}
    assert "\x9b" not in json_text(text) and visible(json_text(text)) == json_text(text)


def test_text_of_people_stays_as_it_is() -> None:
    text = "Tisch 7, Ünal: 桌子 طاولة 🍕 – ok\n\tnext"
    assert visible(text) == text
    assert on_one_line(text) == text.replace("\n", "\\x0a").replace("\t", "\\x09")


def test_every_character_that_is_a_control_or_invisible_is_escaped() -> None:
    """Unicode's own categories: controls, formats, surrogates, and the separators of lines."""
    shown = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    printed = {each for each in shown if visible(each, keep="") == each}
    # marks that stand in scripts or music and neither move nor hide: Arabic number signs, hieroglyph joiners, beams
    assert all(unicodedata.category(each) == "Cf" for each in printed)
    assert not any(
        unicodedata.bidirectional(each) in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
        for each in printed
    )


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
        max_leaves=10,
    )
)
def test_json_is_exact(document: object) -> None:
    assert json.loads(json_text(document)) == document


def test_json_has_no_nan() -> None:
    assert json_text({"a": [float("nan"), float("inf"), 1.5]}) == '{"a": [null, null, 1.5]}'


def test_fields_of_a_console_line() -> None:
    line = visible_fields(None, "info", {"event": "x\x1b[0m", "count": 3, "list": ["\u202e"], "none": None})
    assert line == {"event": "x\\x1b[0m", "count": 3, "list": "['\\u202e']", "none": None}
