"""Reading the path of a local file that a user typed, below a folder that the operator names. Pure.

What is opened is decided where it is opened: no part of the path may be a link.
"""

from outbound.address import MAX_LENGTH, BadAddress

MAX_NAME = 255
"""Bytes; as file systems have it."""


def parse_path(text: str) -> tuple[str, ...]:
    """Its names, folder by folder. Raises BadAddress for all but a plain relative path."""
    if len(text) > MAX_LENGTH or any(not char.isprintable() or char == "\\" for char in text):
        raise BadAddress("it is too long, or holds control characters or backslashes")
    names = tuple(text.split("/"))
    if any(name in ("", ".", "..") or len(name.encode(errors="replace")) > MAX_NAME for name in names):
        raise BadAddress("it has to be a path below the site's folder, such as kitchen/latest.jpg, without .. in it")
    return names
