"""docs/errors-and-retries.md is what the code says."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

from tablewatch_cli.errors import LocalError

ROOT = Path(__file__).parents[3]


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate_errors = _module(ROOT / "docs" / "generate_errors.py")


def test_the_page_of_codes_is_current() -> None:
    checked = subprocess.run(
        [sys.executable, "docs/generate_errors.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_table_of_metrics_is_current() -> None:
    checked = subprocess.run(
        [sys.executable, "docs/generate_metrics.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def raised(name: str, *folders: str) -> set[str]:
    """Codes that are given to an exception: the first argument of every `name("code", ...)`, read from the syntax."""
    found = set()
    for file in (path for folder in folders for path in (ROOT / folder).rglob("src/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == name and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    found.add(code.value)
    return found


def test_every_reason_of_a_dead_letter_is_on_the_page() -> None:
    codes = raised("Invalid", "services", "libs") | raised("ContractError", "schemas", "services")
    by_others = {"unreadable_frame", "retries_exhausted", "fold_failed", "cannot_apply"}
    assert set(generate_errors.DEAD_LETTERS) == codes | by_others
    sources = "".join(path.read_text() for path in [*(ROOT / "libs").rglob("*.py"), *(ROOT / "services").rglob("*.py")])
    assert all(f'"{code}"' in sources for code in by_others)


def test_every_code_of_the_command_line_is_on_the_page() -> None:
    assert raised("CliError", "cli") == set()  # a code without a class would have no sentence
    assert set(generate_errors.COMMAND_LINE) == {error.code for error in LocalError.__subclasses__()}
    sources = "".join(path.read_text() for path in (ROOT / "cli").rglob("src/**/*.py"))
    assert all(f"raise {error.__name__}" in sources for error in LocalError.__subclasses__())
