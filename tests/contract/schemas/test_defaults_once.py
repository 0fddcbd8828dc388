"""Defaults of thresholds are stated in `tablewatch_schemas.defaults` and nowhere else in what is deployed."""

import ast
import re
from pathlib import Path

import pytest

from api.settings import ApiSettings
from classifier_gateway.settings import Settings as GatewaySettings
from tablewatch_schemas.defaults import LIVE_THRESHOLDS, RUN_THRESHOLDS
from tablewatch_schemas.manifest import Thresholds

ROOT = Path(__file__).parents[3]
THRESHOLD = re.compile(r"(^|_)(enter|leave|hold|ttl)_ms$")
TABLE = ROOT / "schemas/src/tablewatch_schemas/defaults.py"
SOURCES = [
    path
    for folder in ("schemas/src", "libs", "services", "cli/src", "deploy")
    for path in (ROOT / folder).rglob("*.py")
    if path != TABLE
]


def _numbers(value: ast.expr | None) -> bool:
    """Whether an expression is a number, or a pydantic Field whose default is one."""
    if isinstance(value, ast.Call) and getattr(value.func, "id", None) == "Field":
        defaults = [*value.args[:1], *(each.value for each in value.keywords if each.arg == "default")]
        return any(_numbers(default) for default in defaults)
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float)


def stated(source: str) -> list[str]:
    """Names of thresholds that get a number: fields, keywords, defaults of parameters."""
    found: list[tuple[str, ast.expr | None]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append((node.target.id, node.value))
        elif isinstance(node, ast.Assign):
            found += [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.keyword) and node.arg is not None:
            found.append((node.arg, node.value))
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            defaulted = positional[len(positional) - len(node.defaults) :]
            found += [(arg.arg, value) for arg, value in zip(defaulted, node.defaults, strict=True)]
            found += [(arg.arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    return [name for name, value in found if THRESHOLD.search(name) and _numbers(value)]


@pytest.mark.parametrize(
    "source",
    [
        "class S:\n    leave_ms: int = 8_000",
        "class S:\n    api_state_ttl_ms: int = Field(60_000, ge=1)",
        "class S:\n    x_hold_ms: int = Field(default=2, ge=1)",
        "Thresholds(enter_ms=3000)",
        "def f(a, leave_ms=1): ...",
        "def f(*, leave_ms=1): ...",
        "LEAVE = leave_ms = 4",
    ],
)
def test_a_stated_default_is_found(source: str) -> None:
    assert stated(source)


def test_nothing_else_states_a_threshold() -> None:
    found = {str(path.relative_to(ROOT)): names for path in SOURCES if (names := stated(path.read_text()))}
    assert found == {}


def test_settings_have_the_defaults_of_the_table() -> None:
    live = GatewaySettings.model_construct().live_thresholds
    assert Thresholds(
        enter_ms=live.enter_ms, leave_ms=live.leave_ms, hold_ms=live.hold_ms, ttl_ms=live.ttl_ms
    ) == LIVE_THRESHOLDS  # fmt: skip
    runs = {name: ApiSettings.model_fields[f"api_{name}"].default for name in ("enter_ms", "leave_ms", "hold_ms")}
    assert Thresholds(**runs, ttl_ms=ApiSettings.model_fields["api_state_ttl_ms"].default) == RUN_THRESHOLDS
