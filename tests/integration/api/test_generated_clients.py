"""What openapi-python-client and openapi-typescript make of our documents: all of it, and typed."""

import json
from pathlib import Path

import pytest
from tests.support.generated_clients import (
    BIN,
    CLIENTS,
    TYPESCRIPT_BIN,
    bring_generators,
    openapi_python_client,
    openapi_typescript,
    said,
)
from tests.support.openapi_documents import of_api, of_ingest

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both documents."""
    bring_generators()
    made = tmp_path_factory.mktemp("clients")
    (made / "api.json").write_text(json.dumps(of_api()))
    (made / "ingest.json").write_text(json.dumps(of_ingest()))
    return made


def test_openapi_python_client_leaves_nothing_out(folder: Path) -> None:
    openapi_python_client(folder / "api.json", "tablewatch_client")
    openapi_python_client(folder / "ingest.json", "tablewatch_ingest_client")
    for document, package in ((of_api(), "tablewatch_client"), (of_ingest(), "tablewatch_ingest_client")):
        made = {path.stem for path in (folder / package / "api").rglob("*.py")} - {"__init__"}
        assert made == {each["operationId"] for path in document["paths"].values() for each in path.values()}
    # Every module, which needs every model
    program = CLIENTS / "python" / "with_openapi_python_client.py"
    said([BIN / "python", "-c", f"import runpy; runpy.run_path({str(program)!r})"], folder)


def test_types_of_typescript_are_strict(folder: Path) -> None:
    openapi_typescript(folder / "api.json", "tablewatch.d.ts")
    openapi_typescript(folder / "ingest.json", "tablewatch-ingest.d.ts")
    for name in ("session.ts", "tsconfig.json", "package.json"):
        (folder / name).write_bytes((CLIENTS / "typescript" / name).read_bytes())
    (folder / "node_modules").symlink_to(CLIENTS / "typescript" / "node_modules")
    said([TYPESCRIPT_BIN / "tsc", "--noEmit", "--project", "tsconfig.json"], folder)
