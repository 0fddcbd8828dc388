"""Locks itself down and prints the layers as JSON: what this kernel gives to a process of this user, in this container.

usage: python -I -m sandbox
"""

import json
from dataclasses import asdict

from sandbox.lock import lock_down

if __name__ == "__main__":
    print(json.dumps(asdict(lock_down())), flush=True)
