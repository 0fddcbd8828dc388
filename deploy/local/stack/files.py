"""The limit of open files, which every part of the stack inherits: Kafka alone has 300 open when it is idle."""

import resource

from stack.settings import StackError

NEEDED = 1024
WANTED = 65_536


def raise_limit() -> None:
    """Raise the soft limit as far as the hard one lets us, up to WANTED. Raises StackError below NEEDED."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = limit_of(soft, hard)
    if limit != soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def limit_of(soft: int, hard: int) -> int:
    """The soft limit to run with. Raises StackError where the hard one is below NEEDED."""
    if soft == resource.RLIM_INFINITY:
        return soft
    limit = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if limit < NEEDED:
        raise StackError(
            f"The limit of open files is {hard}, and the stack needs {NEEDED} (Kafka keeps its logs open)."
            f" Raise it, e.g. as root: ulimit -Hn {NEEDED}; ulimit -n {NEEDED}"
        )
    return max(soft, limit)
