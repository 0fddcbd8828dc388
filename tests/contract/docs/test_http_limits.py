"""The table of HTTP limits in docs/operations.md is that of the code."""

import re
from pathlib import Path

from webserver.limits import HttpSettings

PAGE = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()


def test_every_limit_is_on_the_page_with_its_default_and_the_reason() -> None:
    rows = {
        name: (default, why) for name, default, why in re.findall(r"^\| `(HTTP_\w+)` \| (\S+) \| (.+) \|$", PAGE, re.M)
    }
    assert set(rows) == {name.upper() for name in HttpSettings.model_fields}
    for name, field in HttpSettings.model_fields.items():
        default, why = rows[name.upper()]
        assert field.description and len(why) > 20
        assert default == "–" if field.default == "" else float(default) == field.default
