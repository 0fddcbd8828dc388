"""The classifier of the settings, or the second choice where the first one's file cannot be had."""

from chassis.metrics import Gauge
from chassis.service import Service
from classifier_gateway.dispatch.choices import DetectorChoices
from classifier_gateway.metrics import CLASSIFIER_MODEL, DETECTOR_REFUSED
from classifier_gateway.settings import Settings
from inference import Asked, Classifier, ClassifierOptions, DetectorRefused, ModelMissing
from inference import build as build_classifier


class ModelReport:
    """What becomes of the models that are chosen, in log and metrics.

    A refusal is reported as long as anybody asks for that detector; what the settings and `detectors.toml` name is
    asked for until the process ends.
    """

    def __init__(self, service: Service, choices: DetectorChoices) -> None:
        self._metrics, self._log, self._choices = service.metrics, service.log, choices
        self._series: dict[str, list[tuple[Gauge, dict[str, str]]]] = {}
        self._lasting: set[str] = set()
        self._used: dict[str, dict[str, str]] = {}
        self.starting = True

    def opened(self, name: str, used: Classifier) -> None:
        """`used` judges what `name` was chosen for."""
        if self.starting:
            self._lasting.add(name)
        self._used[name] = _labels(name, used)
        self._metrics.set(CLASSIFIER_MODEL, 1, **self._used[name])

    def replaced(self, name: str, error: ModelMissing, used: Classifier) -> None:
        """A shipped model's file is missing."""
        self._log.warning("model_missing", wanted=name, used=used.name, error=str(error))
        self._refusal(name, "model_missing", used)

    def refused(self, name: str, error: DetectorRefused | ModelMissing, used: Classifier) -> None:
        """A detector cannot be used, or not any more."""
        code = error.code if isinstance(error, DetectorRefused) else "model_missing"
        self._log.warning("detector_refused", wanted=name, used=used.name, code=code, error=str(error))
        self._refusal(name, code, used)

    def failed(self, name: str, error: Exception) -> None:
        """A detector that is in use gave no answer for a frame."""
        self._log.warning("detector_failed", detector=name, error=repr(error))

    def asked_for(self) -> None:
        """Somebody asks for another detector than before."""
        asked = self._choices.names() | self._lasting
        for name, series in self._series.items():
            for gauge, labels in series:
                self._metrics.set(gauge, name in asked, **labels)

    def _refusal(self, name: str, code: str, used: Classifier) -> None:
        if self.starting:
            self._lasting.add(name)
        if (before := self._used.pop(name, None)) is not None:
            self._metrics.set(CLASSIFIER_MODEL, 0, **before)
        series = [(CLASSIFIER_MODEL, _labels(name, used)), (DETECTOR_REFUSED, {"detector": name, "code": code})]
        self._series[name] = series
        for gauge, labels in series:
            self._metrics.set(gauge, 1, **labels)


def open_classifier(service: Service, settings: Settings, choices: DetectorChoices) -> Classifier:
    """Or another one, with a warning: FALLBACK_MODEL where the file of a shipped model is missing, and where a detector
    cannot be used the next one that is chosen for its frames, in the end DEFAULT_MODEL. Of all, a site or a camera.

    What `choices` ask for later is opened at the first frame. Raises ModelMissing where both shipped models are
    missing, DetectorRefused where the one that the settings name cannot be used either.
    """
    report = ModelReport(service, choices)
    options = ClassifierOptions(
        models_dir=settings.models_root,
        model=settings.classifier_gateway_model,
        entries=settings.classifier_gateway_detectors,
        look_px=settings.classifier_gateway_look_px,
        threads=settings.classifier_gateway_threads,
    )
    asked = Asked(name_of=choices.name_of, opened=report.opened, refused=report.refused, failed=report.failed)
    classifier = build_classifier(options, settings.classifier_gateway_backend, replaced=report.replaced, asked=asked)
    report.starting = False
    choices.changed = report.asked_for
    return classifier


def open_or_end(service: Service, settings: Settings, choices: DetectorChoices) -> Classifier:
    """`open_classifier`; where nothing may judge, one line of the log says why, and the process ends."""
    try:
        return open_classifier(service, settings, choices)
    except DetectorRefused as error:
        event, why = "detector_refused", {"wanted": error.detector, "code": error.code, "error": str(error)}
    except ModelMissing as error:
        event, why = "model_missing", {"wanted": settings.classifier_gateway_model, "error": str(error)}
    service.log.error(event, **why)
    raise SystemExit(1)


def _labels(wanted: str, used: Classifier) -> dict[str, str]:
    return {"model": used.name, "version": used.version, "wanted": wanted}
