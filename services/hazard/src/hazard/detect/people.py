"""The embedded detector in the words of this service."""

from pathlib import Path

from hazard.detect.look import FindThings
from hazard.detect.observe import Thing
from inference.detect import Detector, Picture
from inference.models.store import find


def finder(models: Path) -> FindThings:
    """Load the detector. Raises inference.models.store.ModelMissing when set-up did not bring it."""
    detector = Detector(find(models))

    def things(picture: Picture) -> list[Thing]:
        return [Thing(found.label, found.score, found.box) for found in detector.detect(picture)]

    return things
