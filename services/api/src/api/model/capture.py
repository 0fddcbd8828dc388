"""What becomes of the source of a camera. Pure."""

from api.model.types import Json

CAPTURED = ("rtsp", "hls", "snapshot", "file")
"""Types of sources that the extractor's role `cameras` reads."""
UNSUPPORTED = "The source is stored, and nothing reads it: this version does not know it. Upload videos for it."


def capture(source_type: str) -> Json:
    """Whether anything reads a source of this type: state, and a sentence for people."""
    if source_type == "none":
        return {"state": "none", "reason": None}
    if source_type in CAPTURED:
        return {"state": "captured", "reason": None}
    return {"state": "unsupported", "reason": UNSUPPORTED}
