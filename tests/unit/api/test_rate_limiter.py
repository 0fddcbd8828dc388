"""The limits of keys and sites as settings."""

import pytest
from pydantic import ValidationError

from api.settings import ApiSettings


@pytest.mark.parametrize("name", ["API_RATE_LIMIT", "API_SITE_RATE_LIMIT"])
def test_a_limit_that_cannot_be_read_is_found_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "a lot")
    with pytest.raises(ValidationError, match=f"(?i){name}"):
        ApiSettings()  # type: ignore[call-arg]


def test_none_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_RATE_LIMIT", "none")
    assert ApiSettings().api_rate_limit == ""  # type: ignore[call-arg]
