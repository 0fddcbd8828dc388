"""What a child that opens untrusted media sees of our environment: where its programs are, no address and no secret."""

import os

PASSED = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "LANG", "VIRTUAL_ENV")


def child_environment() -> dict[str, str]:
    """One thread for numpy's algebra, as a child has to be alone when it is locked down."""
    return {name: os.environ[name] for name in PASSED if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"}
