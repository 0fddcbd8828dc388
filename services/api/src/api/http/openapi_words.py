"""Names of the lists of words in the OpenAPI document: one schema, and so one class of a client, for each."""

from collections.abc import Mapping
from typing import Any

from api.events.filter import Topic
from api.http.documents.cameras import SourceType, Transport
from api.http.documents.hazards import Decision
from api.http.documents.health import PartState
from api.http.documents.probes import ProbeSourceType
from api.http.documents.run_options import LayoutChoice, PictureFormat, Product, SamplingMode
from api.http.documents.videos import DeletingStatus, StageName, StageStatus, Status, StepAction, StepMethod
from api.model.access import Scope
from api.model.formats import FormatName

WORDS: Mapping[str, Any] = {
    "DeletingStatus": DeletingStatus,
    "HazardDecision": Decision,
    "JobStatus": Status,
    "LayoutChoice": LayoutChoice,
    "LayoutFormat": FormatName,
    "PartState": PartState,
    "PictureFormat": PictureFormat,
    "ProbeSourceType": ProbeSourceType,
    "Product": Product,
    "SamplingMode": SamplingMode,
    "Scope": Scope,
    "SourceType": SourceType,
    "StageName": StageName,
    "StageStatus": StageStatus,
    "StepAction": StepAction,
    "StepMethod": StepMethod,
    "StreamTopic": Topic,
    "Transport": Transport,
}
