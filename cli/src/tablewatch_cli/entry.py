"""Where the installed command begins: Ctrl-C ends it quietly while its modules are still being imported."""

from __future__ import annotations

import signal


def main() -> None:
    """Import the commands, which takes a second on a slow machine, then run the one that was typed."""
    ours = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tablewatch_cli.__main__ import main as run

    signal.signal(signal.SIGINT, ours)
    run()
