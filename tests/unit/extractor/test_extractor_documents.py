"""The service's README agrees with the code."""

import re
from pathlib import Path

from extractor.model import camera_failures
from extractor.model.discovery import DeviceFailed
from extractor.model.failures import FAILURES, GAP_CODES
from extractor.model.probes import ProbeFailed
from extractor.settings import ExtractorSettings

PAGE = (Path(__file__).resolve().parents[3] / "services/extractor/README.md").read_text()


def test_every_setting_is_in_the_table_with_its_default() -> None:
    own = {name: field for name, field in ExtractorSettings.model_fields.items() if name.startswith("extractor_")}
    rows = dict(re.findall(r"^\| `(EXTRACTOR_\w+)` \| (`.*` \| .*) \|$", PAGE, re.MULTILINE))
    assert rows == {name.upper(): f"`{field.default}` | {field.description}" for name, field in own.items()}


def test_every_failure_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (yes|no) \|", PAGE, re.MULTILINE))
    assert rows == {code: "yes" if failure.retryable else "no" for code, failure in FAILURES.items()}
    assert all(f"`{code}`" in PAGE for code in GAP_CODES)


def test_the_readme_says_of_every_failure_of_a_camera_what_to_do() -> None:
    probed = {failure.code: failure for kind in (ProbeFailed, DeviceFailed) for failure in kind.each()}
    for code, failure in (camera_failures.FAILURES | probed).items():
        assert f"| `{code}` | {failure.sentence} |" in PAGE
