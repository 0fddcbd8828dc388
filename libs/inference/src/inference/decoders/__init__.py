"""What a detector's file wants as input and what its outputs mean: one decoder for each family of models.

`decoder` is the interface and `fit` the resizing that decoders share; `ssd`, `yolox`, `nanodet` and `dfine` are the
families. A decoder knows no file and no session, so that its tests need none.
"""

from inference.decoders.decoder import BadOutputs, Decoder, Found
from inference.decoders.dfine import DfineDecoder
from inference.decoders.nanodet import NanodetDecoder
from inference.decoders.ssd import SsdDecoder
from inference.decoders.yolox import YoloxDecoder

__all__ = ["BadOutputs", "Decoder", "DfineDecoder", "Found", "NanodetDecoder", "SsdDecoder", "YoloxDecoder"]
