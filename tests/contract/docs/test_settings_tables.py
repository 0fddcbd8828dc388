"""The settings tables of these READMEs are the code's."""

import re
from pathlib import Path

import pytest

from chassis.settings import ServiceSettings
from classifier_gateway.settings import Settings as GatewaySettings
from cropper.settings import Settings as CropperSettings
from hazard.settings import Settings as HazardSettings

SERVICES = Path(__file__).parents[3] / "services"
SETTINGS: dict[str, type[ServiceSettings]] = {
    "cropper": CropperSettings, "classifier-gateway": GatewaySettings, "hazard": HazardSettings,
}  # fmt: skip


@pytest.mark.parametrize("service", SETTINGS)
def test_every_setting_is_in_the_readme_with_its_default(service: str) -> None:
    readme = (SERVICES / service / "README.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", readme, re.MULTILINE))
    common = {name for base in SETTINGS[service].__mro__[1:] for name in getattr(base, "model_fields", {})}
    own = {name: field for name, field in SETTINGS[service].model_fields.items() if name not in common}
    assert set(rows) == {name.upper() for name in own}
    for name, field in own.items():
        assert field.description
        if isinstance(default := field.get_default(), int | float):
            assert float(rows[name.upper()]) == default, name
