"""The tables of settings and refusals are those of the code, and secrets stay secret."""

import re
from pathlib import Path

import pytest

from ingest.refusals import REFUSALS
from ingest.settings import Settings
from objects.settings import ObjectSettings
from webserver.rejections import REJECTIONS

ROOT = Path(__file__).parents[3]
README = (ROOT / "services/ingest/README.md").read_text()
ERRORS = (ROOT / "docs/errors-and-retries.md").read_text()
OWN = {name: field for name, field in Settings.model_fields.items() if name not in ObjectSettings.model_fields}


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", README, re.MULTILINE))
    assert set(rows) == {name.upper() for name in OWN}
    for name, field in OWN.items():
        default = field.get_default()
        if isinstance(default, int | float):
            assert float(rows[name.upper()].strip()) == default, name


def test_every_refusal_is_on_the_page_of_errors() -> None:
    (table,) = re.findall(r"<!-- problems -->(.*?)<!-- /", ERRORS, re.DOTALL)
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) \| \w+ \| ([^|]+) \|", table, re.MULTILINE)
    by_server = {each.code for each in REJECTIONS}
    found = {code: status for code, status, by in rows if "ingest" in by and code not in by_server}
    assert found == {code: str(refusal.status) for code, refusal in REFUSALS.items()}


def test_every_setting_is_described() -> None:
    assert all(field.description for field in OWN.values())


def test_a_secret_that_could_be_guessed_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOAD_TOKEN_SECRET", "short")
    settings = Settings.model_validate({"upload_token_secret": "short"})
    with pytest.raises(ValueError, match="32 characters"):
        _ = settings.token_secret
    assert "short" not in repr(settings)


def test_origins_and_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INGEST_CORS_ORIGINS", "http://a, http://b ,")
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    assert Settings().origins == ["http://a", "http://b"]
    assert Settings().uploads_root == tmp_path / "uploads"
