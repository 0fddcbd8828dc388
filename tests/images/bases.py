"""Stand-ins for the two base images of Docker Hub, made of Debian's packages and this machine's Node.

They prove the steps of deploy/Dockerfile, not the published bases: Python is Debian's, Node is the one of this machine.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.images.buildah import Buildah

MIRROR = "localhost/tablewatch-bases"
PYTHON = f"{MIRROR}/python:3.11-slim-bookworm"
NODE = f"{MIRROR}/node:22-bookworm-slim"
SUITE = "bookworm"
PACKAGES = "python3.11,python3.11-venv,ca-certificates"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# As in the published image, pip is not Debian's and `python` is a name; the machine's certificates, because a company's
# mirror may be signed by its own authority (pip and uv read them from there, Node is told).
PYTHON_FILE = """\
FROM scratch
ADD root.tar /
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED && ln -s python3.11 /usr/bin/python && cd /usr/share/python-wheels \\
    && PYTHONPATH=$(echo pip-*.whl) python -m pip install --no-index --no-cache-dir --find-links . pip setuptools
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
"""
NODE_FILE = f"""\
FROM {PYTHON}
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
"""


def ensure(buildah: Buildah, folder: Path) -> None:
    """Make both unless they are there and made of the same; `folder` is for working files."""
    made_of = hashlib.sha256(f"{PYTHON_FILE}{NODE_FILE}{PACKAGES}".encode() + CERTIFICATES.read_bytes()).hexdigest()
    stamp = buildah.storage / "bases"
    if stamp.exists() and stamp.read_text() == made_of and buildah.has(PYTHON) and buildah.has(NODE):
        return
    stamp.unlink(missing_ok=True)
    _python(buildah, folder / "python")
    _node(buildah, folder / "node")
    stamp.write_text(made_of)


def _python(buildah: Buildah, context: Path) -> None:
    context.mkdir(parents=True)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(context / "root.tar")]
    done = subprocess.run(["nice", "-n", "10", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"mmdebstrap failed:\n{done.stderr[-3000:]}"
    shutil.copy(CERTIFICATES, context / "ca-certificates.crt")
    _build(buildah, PYTHON, PYTHON_FILE, context)


def _node(buildah: Buildah, context: Path) -> None:
    node, npm = (Path(str(shutil.which(name))).resolve() for name in ("node", "npm"))
    context.mkdir(parents=True)
    shutil.copy(node, context / "node")
    shutil.copytree(npm.parents[1], context / "npm", symlinks=True)  # npm is <package>/bin/npm-cli.js
    _build(buildah, NODE, NODE_FILE, context)


def _build(buildah: Buildah, tag: str, dockerfile: str, context: Path) -> None:
    (context / "Dockerfile").write_text(dockerfile)
    buildah.build(tag, context / "Dockerfile", context, {})
    shutil.rmtree(context)
