"""An example for the `--help` of every command."""

from __future__ import annotations

from collections.abc import Mapping

import click

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "upload": (
        "upload evening.mp4 --camera cam_7 --every 2 --wait",
        "upload - --filename evening.mp4 --json < evening.mp4",
    ),
    "videos": ("videos --status processing",),
    "frames": ("frames vid_1 --json",),
    "cameras": ("cameras --json",),
    "cameras discover": ("cameras discover --user admin",),
    "cameras probe": ("cameras probe rtsp://192.168.1.20:554/stream1 --user admin",),
    "cameras list": ("cameras list --site site_1", "cameras list --state verified"),
    "cameras add": (
        "cameras add rtsp://192.168.1.20:554/stream1 --name Window --user admin",
        "cameras add https://cam.example/live.m3u8 --name Terrace --cadence 5 --always-open",
        "cameras add http://192.168.1.21/snapshot.jpg --name Bar --login-stdin < login.txt",
    ),
    "cameras show": ("cameras show cam_1",),
    "cameras status": ("cameras status cam_1 --wait 60",),
    "cameras snapshot": ("cameras snapshot cam_1 -o window.jpg",),
    "cameras update": (
        "cameras update cam_1 --address rtsp://192.168.1.30/stream1 --user admin",
        "cameras update cam_1 --transport udp --cadence 2.5",
    ),
    "cameras pause": ("cameras pause cam_1",),
    "cameras resume": ("cameras resume cam_1",),
    "cameras remove": ("cameras remove cam_1 --yes",),
    "cameras proposal show": ("cameras proposal show cam_1",),
    "cameras proposal accept": (
        "cameras proposal accept cam_1",
        "cameras proposal accept cam_1 --layout mended.json --note by-hand",
    ),
    "cameras proposal dismiss": ("cameras proposal dismiss cam_1 --note turned-back",),
    "cameras proposal history": ("cameras proposal history cam_1",),
    "cameras score": ("cameras score cam_1", "cameras score cam_1 --history"),
    "cameras dry-run": ("cameras dry-run cam_1", "cameras dry-run cam_1 --file tables.json --seconds 120"),
    "cameras proposal": ("cameras proposal show cam_1",),
    "sites list": ("sites list",),
    "sites show": ("sites show site_1",),
    "sites add": ("sites add Harbour --timezone Europe/Berlin",),
    "sites update": ("sites update site_1 --timezone Europe/Berlin --always-open",),
    "apply": ("apply -f sites.yaml --dry-run",),
    "cameras layout show": ("cameras layout show cam_1",),
    "cameras layout versions": ("cameras layout versions cam_1", "cameras layout versions cam_1 --diff 4"),
    "cameras layout export": ("cameras layout export cam_1 --format coco",),
    "cameras layout import": ("cameras layout import cam_1 - --format frigate --source-camera front < config.yml",),
    "cameras layout restore": ("cameras layout restore cam_1 3",),
    "cameras layout source show": ("cameras layout source show cam_1",),
    "cameras layout source set": (
        "cameras layout source set cam_1 https://cropper.example/layout --every 600 --token",
    ),
    "cameras layout source remove": ("cameras layout source remove cam_1",),
    "cameras layout source pull": ("cameras layout source pull cam_1",),
    "cameras suggest": ("cameras suggest cam_1", "cameras suggest cam_1 --minutes 30 --crop"),
    "states": ("states --site site_1",),
    "hazards": ("hazards --status opened",),
    "tail": ("tail table.state --since 15m --where state=dirty --no-follow",),
    "topics": ("topics --all",),
    "schema": ("schema table.state --example",),
    "lag": ("lag --behind",),
    "ledger": ("ledger --run run_1 --wait 60",),
    "ledger live": ("ledger live --camera cam_1 --hours 24",),
    "dlq list": ("dlq list",),
    "dlq show": ("dlq show crop.ready.cropper.dlq --offset 3",),
    "dlq replay": ("dlq replay crop.ready.cropper.dlq --all",),
    "dlq discard": ("dlq discard crop.ready.cropper.dlq --through 4 --yes",),
    "quota show": ("quota show site_1",),
    "quota set": ("quota set site_1 --originals 1TiB --pictures default",),
    "why": ("why tbl_1 --run run_1",),
    "why-stuck": ("why-stuck vid_1",),
    "check": ("check --json",),
}
"""By the words that call the command; each without the leading `tablewatch`."""


def add_examples(group: click.Group, words: tuple[str, ...] = ()) -> None:
    """Write the examples below the options of every command of a group."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            add_examples(command, (*words, name))
        if examples := EXAMPLES.get(" ".join((*words, name))):
            lines = "\n".join(f"  tablewatch {each}" for each in examples)
            command.epilog = f"\b\nExample:\n{lines}"
