"""What a person may do with a hazard alert; the api refuses what the fold would not apply.

opened -> acknowledged -> cleared -> verified; dismissed by a person; expired when nothing is heard of it.
"""

from typing import Final

OPEN: Final = frozenset({"opened", "acknowledged"})
CLOSED: Final = frozenset({"verified", "dismissed", "expired"})

ACTIONS: Final[dict[str, tuple[frozenset[str], str]]] = {
    "acknowledge": (frozenset({"opened"}), "acknowledged"),
    "clear": (OPEN, "cleared"),
    "verify": (OPEN | {"cleared"}, "verified"),
    "dismiss": (OPEN | {"cleared"}, "dismissed"),
}
"""Action -> (statuses of the alert in which it is possible, the status after it)."""
