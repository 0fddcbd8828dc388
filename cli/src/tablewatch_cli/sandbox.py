"""What the kernels of those who open media give to the sandbox, from the metrics of each service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tablewatch_cli.ops import Sample

MEANING: Mapping[str, str] = {
    "seccomp": "a decoder that a file took over may start processes, signal others and change files it owns",
    "landlock_files": "files are closed to a decoder by seccomp alone",
    "landlock_tcp": "TCP is closed to a decoder by seccomp and the network namespace alone",
    "landlock_scopes": "signals and abstract sockets are closed to a decoder by seccomp alone",
    "network_namespace": "the network is closed to a decoder by seccomp and Landlock alone",
}
"""What it means that a kernel lacks a layer, as the services say it in their logs."""
INDISPENSABLE = "seccomp"
"""Whatever else is missing is closed by this one; nothing closes what this one does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`closed` is False where a decoder that a file took over could reach something."""

    closed: bool
    detail: str


def verdict(pages: Mapping[str, Iterable[Sample]]) -> Verdict | None:
    """Of the metrics by service; None where none of them opens media."""
    layers = {service: found for service, page in pages.items() if (found := _layers(page))}
    if not layers:
        return None
    lacking = [
        f"{service}'s kernel lacks {name}: {MEANING.get(name, 'see the log of the service')}"
        for service, found in layers.items()
        for name, there in found.items()
        if not there
    ]
    closed = all(found.get(INDISPENSABLE, True) for found in layers.values())
    detail = "; ".join(lacking) or f"every layer, in {', '.join(layers)}"
    return Verdict(closed, detail if closed else f"{detail}. Run it on a kernel with CONFIG_SECCOMP_FILTER")


def _layers(page: Iterable[Sample]) -> dict[str, bool]:
    return {each.labels.get("layer", "?"): bool(each.value) for each in page if each.name == "sandbox_layer"}
