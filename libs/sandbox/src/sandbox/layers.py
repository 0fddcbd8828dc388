"""The layers of the sandbox, and what is open where a kernel lacks one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

TCP_FROM_ABI = 4
SCOPES_FROM_ABI = 6

MEANING: Mapping[str, str] = {
    "seccomp": "a decoder that a file took over may start processes, signal others and change files it owns",
    "landlock_files": "files are closed to a decoder by seccomp alone",
    "landlock_tcp": "TCP is closed to a decoder by seccomp and the network namespace alone",
    "landlock_scopes": "signals and abstract sockets are closed to a decoder by seccomp alone",
    "network_namespace": "the network is closed to a decoder by seccomp and Landlock alone",
}
"""What it means that a kernel does not give this layer. The command line says the same."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What a kernel gives to a child that locks itself down. `landlock_abi`: 0 where there is no Landlock."""

    landlock_abi: int
    seccomp: bool
    network_namespace: bool = False

    def by_name(self) -> dict[str, bool]:
        """Whether each layer is there; the names are those of MEANING."""
        return {
            "seccomp": self.seccomp,
            "landlock_files": self.landlock_abi >= 1,
            "landlock_tcp": self.landlock_abi >= TCP_FROM_ABI,
            "landlock_scopes": self.landlock_abi >= SCOPES_FROM_ABI,
            "network_namespace": self.network_namespace,
        }

    def missing(self) -> list[str]:
        return [name for name, there in self.by_name().items() if not there]
