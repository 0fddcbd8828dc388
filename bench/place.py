"""Where a benchmark works, and how big it is."""

from dataclasses import dataclass, field
from pathlib import Path

from bench import clips
from bench.parts import Parts


@dataclass
class Place:
    """`folder` is $TABLEWATCH_HOME/bench. `quick` proves that everything runs, and says nothing about speed."""

    folder: Path
    quick: bool
    _parts: Parts | None = field(default=None, init=False)

    def clip(self, name: str) -> Path:
        """A clip by its full name; a small one instead when it has to be quick."""
        return clips.clip(name, self.folder / "clips", self.quick)

    def count(self, full: int) -> int:
        """How often something small is repeated."""
        return max(1, full // 20) if self.quick else full

    @property
    def parts(self) -> Parts:
        """Real Kafka and Postgres, started when they are first wanted. Raises Failed."""
        if self._parts is None:
            self._parts = Parts.start(self.folder / "parts")
        return self._parts

    def close(self) -> None:
        """End what was started."""
        if self._parts is not None:
            self._parts.stop()
