"""What another team gets: the wheel in an environment of its own, with msgspec and orjson and nothing else."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from tests.contract.schemas.contract_cases import ROOT, SCHEMAS

from tablewatch_schemas import TOPICS

READ = """
import json, sys
import tablewatch_schemas
from tablewatch_schemas import ContractError, decode
from tablewatch_schemas.contracts import ROOT, schema
doc = json.loads(open(ROOT / "table.state/examples/v1/run.json").read())
headers = [(name, text.encode()) for name, text in doc["headers"].items()]
record = decode("table.state", doc["key"].encode(), json.dumps(doc["value"]).encode(), headers)
try:
    decode("table.state", None, b"{}", headers)
except ContractError as error:
    refused = error.reason
names = sorted(name for name in sys.modules if "." not in name)
third = [name for name in names if "site-packages" in (getattr(sys.modules[name], "__file__", "") or "")]
print(json.dumps({"state": record.event.state, "refused": refused, "at": tablewatch_schemas.__file__, "loaded": third}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the package's own build backend, without a network."""
    source = tmp_path_factory.mktemp("source") / "schemas"
    shutil.copytree(SCHEMAS, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = source.parent / "dist"
    target.mkdir()
    build = f"import hatchling.build; print(hatchling.build.build_wheel({str(target)!r}))"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def test_wheel_holds_contracts_examples_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "tablewatch_schemas/py.typed" in names
    for topic in TOPICS:
        assert f"tablewatch_schemas/contracts/{topic}/v1.schema.json" in names
        assert any(name.startswith(f"tablewatch_schemas/contracts/{topic}/examples/v1/") for name in names)
    assert not any(name.startswith(("schemas/", "tools/")) or "generate" in name for name in names)


def test_wheel_needs_msgspec_and_orjson_only(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith("METADATA"))
    needs = [line for line in archive.read(metadata).decode().splitlines() if line.startswith("Requires-Dist")]
    assert needs == ["Requires-Dist: msgspec>=0.20", "Requires-Dist: orjson>=3.10"]


def test_installed_wheel_decodes_a_record(wheel: Path, tmp_path: Path) -> None:
    """Unpacked as pip would, beside copies of its two dependencies alone; `-S -E` keeps our own environment out."""
    site = tmp_path / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
    for needed in ("msgspec", "orjson"):
        shutil.copytree(Path(sysconfig.get_path("platlib")) / needed, site / needed)
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n{READ}"
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], cwd=tmp_path, capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["state"] == "occupied"
    assert printed["at"].startswith(str(site))
    assert printed["refused"] == "table.state: table_id: missing"
    assert set(printed["loaded"]) <= {"msgspec", "orjson", "tablewatch_schemas"}
    assert str(ROOT) not in printed["at"]
