"""What a benchmark works with: a folder, clips, and Kafka and Postgres where it needs them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench import clips
from bench.infrastructure import Infrastructure

T = TypeVar("T")


@dataclass
class Workspace:
    """`folder` is $TABLEWATCH_HOME/bench. `quick`: everything runs, on small clips; the figures mean nothing."""

    folder: Path
    quick: bool
    _infra: Infrastructure | None = field(default=None, init=False)
    _kept: dict[str, Any] = field(default_factory=dict, init=False)
    _open: ExitStack = field(default_factory=ExitStack, init=False)

    def clip(self, name: str) -> Path:
        """A clip by its full name; a small one instead when it has to be quick."""
        return clips.clip(name, self.folder / "clips", self.quick)

    def count(self, full: int) -> int:
        """How often something small is repeated: fewer times when it has to be quick."""
        return max(1, full // 20) if self.quick else full

    @property
    def infra(self) -> Infrastructure:
        """Real Kafka and Postgres, started at the first use. Raises Failed."""
        if self._infra is None:
            self._infra = Infrastructure.start(self.folder / "infrastructure")
        return self._infra

    def kept(self, name: str, make: Callable[[], AbstractContextManager[T]]) -> T:
        """What `make` opens at the first use under this name, open until the end."""
        if name not in self._kept:
            self._kept[name] = self._open.enter_context(make())
        found: T = self._kept[name]
        return found

    def close(self) -> None:
        """Stop what was started."""
        self._open.close()
        if self._infra is not None:
            self._infra.stop()
