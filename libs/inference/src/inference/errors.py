"""Why a detector's file is not used. Each class is a code, its docstring the sentence (as in chassis.errors)."""

from __future__ import annotations

import inspect
import re
from typing import ClassVar


class DetectorRefused(Exception):
    """The detector is not used. ``detector`` is its name, where it has an entry that can be read."""

    code: ClassVar[str]
    sentence: ClassVar[str]
    detector: str | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.sentence = " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    def __init__(self, detail: str) -> None:
        super().__init__(f"{self.code}: {self.sentence} {detail}")
        self.detail = detail


class DetectorEntryWrong(DetectorRefused):
    """The entry of the detector in detectors.toml cannot be used."""


class DetectorFileMissing(DetectorRefused):
    """The detector's file is not in the folder of the models."""


class DetectorHashDiffers(DetectorRefused):
    """The detector's file is not the one that its entry names."""


class DetectorNotLoadable(DetectorRefused):
    """onnxruntime cannot load the detector's file."""


class DetectorSizeWrong(DetectorRefused):
    """The size of the detector's input is not known or does not fit."""


class DetectorOutputsWrong(DetectorRefused):
    """The detector's outputs are not what its decoder reads."""


class DetectorBoxesWrong(DetectorRefused):
    """The detector's boxes make no sense on the known picture."""


class DetectorFindsNothing(DetectorRefused):
    """The detector does not find the person in the known picture."""


class DetectorFindsGhosts(DetectorRefused):
    """The detector finds something in a grey picture."""


class DetectorTooSlow(DetectorRefused):
    """The detector does not answer in time."""


class DetectorTooLarge(DetectorRefused):
    """The detector needs more memory, or a larger file or picture, than one may."""


class DetectorFails(DetectorRefused):
    """The detector could be opened, but does not answer any more."""


def refusal(code: str, detail: str) -> DetectorRefused:
    """The error of a code. Raises KeyError."""
    return {each.code: each for each in DetectorRefused.__subclasses__()}[code](detail)
