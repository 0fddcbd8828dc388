"""What `make images` needs of the machine; run as a program it names what is missing and fails."""

import os
import shutil
import sys

DEBIAN = ("buildah", "crun", "mmdebstrap", "unshare")
NODE = ("node", "npm")


def missing() -> str:
    """One sentence about what is missing, empty when nothing is."""
    found = []
    if os.geteuid() != 0:
        found.append("root (images have files of several users)")
    if programs := [name for name in DEBIAN if not shutil.which(name)]:
        packages = "apt-get install --no-install-recommends buildah crun mmdebstrap uidmap util-linux"
        found.append(f"{', '.join(programs)} (on Debian: {packages})")
    if programs := [name for name in NODE if not shutil.which(name)]:
        found.append(f"{' and '.join(programs)} (see the README)")
    return f"make images cannot run here; missing: {'; '.join(found)}" if found else ""


if __name__ == "__main__":
    sys.exit(missing() or 0)
