"""YAML with the line of everything in it, and the faults that are found on the way. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

MOST_DEPTH = 12
MOST_NODES = 500_000
"""Aliases count as often as they are used: a short file may be a long document."""


@dataclass(slots=True)
class Faults:
    """What is wrong, by line."""

    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, sentence: str) -> None:
        """`line` counts from 1."""
        self.found.append((line, sentence))


@dataclass(frozen=True, slots=True)
class Located:
    """A value and its line: of a mapping a dict of Located by name, of a list a list of them, else a plain value."""

    line: int
    value: Any

    def plain(self) -> Any:
        """Without lines."""
        if isinstance(self.value, dict):
            return {name: each.plain() for name, each in self.value.items()}
        return [each.plain() for each in self.value] if isinstance(self.value, list) else self.value


def read(text: str, faults: Faults) -> Located | None:
    """The document, or None with a fault."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        return None if node is None else _Reader(loader, faults).read(node, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.add(1 if mark is None else mark.line + 1, f"no YAML: {error.problem or error.context}")
    except (yaml.YAMLError, ValueError) as error:
        faults.add(1, f"no YAML: {error}")
    finally:
        loader.dispose()
    return None


@dataclass(slots=True)
class _Reader:
    loader: yaml.SafeLoader
    faults: Faults
    nodes: int = 0

    def read(self, node: yaml.Node, depth: int) -> Located:
        """Raises ValueError for a document without end."""
        self.nodes += 1
        if depth > MOST_DEPTH or self.nodes > MOST_NODES:
            raise ValueError("it is deeper or longer than any list of sites")
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return Located(line, self._mapping(node, depth))
        if isinstance(node, yaml.SequenceNode):
            return Located(line, [self.read(each, depth + 1) for each in node.value])
        return Located(line, self.loader.construct_object(node))

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Located]:
        self.loader.flatten_mapping(node)  # merge keys: <<
        found: dict[str, Located] = {}
        for key, value in node.value:
            name = str(self.loader.construct_object(key))
            if name in found and key.start_mark.line + 1 > found[name].line:
                self.faults.add(key.start_mark.line + 1, f"{name} stands there twice")
            found[name] = self.read(value, depth + 1)
        return found


class Fields:
    """The fields of a mapping, each asked for once; what is wrong with them becomes a fault."""

    def __init__(self, given: Located, where: str, faults: Faults, known: tuple[str, ...]) -> None:
        self.line, self.where, self._faults = given.line, where, faults
        is_mapping = isinstance(given.value, dict)
        self._given: dict[str, Located] = given.value if is_mapping else {}
        if not is_mapping:
            faults.add(given.line, f"{where}: write it as name: value")
        for name, value in self._given.items():
            if name not in known:
                faults.add(value.line, f"{where}: {name} is no field of it: {', '.join(known)}")

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def line_of(self, name: str) -> int:
        """Of a field, or of the mapping."""
        return self._given[name].line if name in self._given else self.line

    def raw(self, name: str) -> Located | None:
        """As it was read."""
        return self._given.get(name)

    def get(self, name: str, make: Callable[[Any], Any], *, needed: bool = False) -> Any:
        """`make` of the plain value; None where there is none, or where it raises ValueError, which is a fault."""
        given = self._given.get(name)
        if given is None or given.value is None:
            if needed:
                self._faults.add(self.line, f"{self.where}: {name} is missing")
            return None
        try:
            return make(given.plain())
        except ValueError as error:
            self._faults.add(given.line, f"{self.where}: {name}: {error}")
            return None

    def items(self, name: str) -> Iterator[Located]:
        """Of a list; none where there is no list."""
        given = self._given.get(name)
        if given is None or given.value is None:
            return
        if not isinstance(given.value, list):
            self._faults.add(given.line, f"{self.where}: {name} is no list: begin each line with a dash")
            return
        yield from given.value
