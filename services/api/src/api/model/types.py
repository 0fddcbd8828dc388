"""Types that every room of the api uses."""

from typing import Any

Json = dict[str, Any]
"""A JSON object."""

Sites = list[str] | None
"""Sites that a caller may see; None: all of them."""
