"""One line for a person about each event. Pure: what was said before about a table is handed in and kept by `Lines`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tablewatch_schemas import (
    CropReady,
    FrameExtracted,
    HazardAlert,
    Received,
    TableState,
    VideoProgress,
    VideoRejected,
    VideoUploaded,
)


class Lines:
    """Sentences about events; `names` gives people's words for ids (tables, cameras)."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._started: dict[str, datetime] = {}
        self._states: dict[tuple[str, str | None], str] = {}

    def of(self, received: Received[Any]) -> str:
        """The sentence, without a time before it."""
        event = received.event
        if event is None:
            return f"{received.topic} {self._name(received.key or '?')} forgotten"
        sentence = self._sentence(event)
        return sentence or f"{received.topic} {self._name(received.key or '')}".rstrip()

    def _sentence(self, event: object) -> str | None:
        match event:
            case VideoUploaded():
                return self._uploaded(event)
            case VideoRejected():
                return f"video {_short(event.video_id)} refused: {event.code}. {event.reason}"
            case VideoProgress():
                count = f"{event.frames_published}/{event.frames_expected or '?'} frames"
                return f"video {_short(event.video_id)} {event.status}, {count}"
            case FrameExtracted():
                return f"frame {self._where(event)}{', the last' if event.last else ''}"
            case CropReady():
                return f"crops of {len(event.crops)} tables {self._where(event)}"
            case TableState():
                return self._state(event)
            case HazardAlert():
                return self._alert(event)
        return None

    def _uploaded(self, event: VideoUploaded) -> str:
        self._started[event.run_id] = event.started_at or event.uploaded_at
        size = f"{event.width}x{event.height}, {(event.duration_ms or 0) / 1000:.1f} s, {event.codec}"
        return f"video {_short(event.video_id)} stored: {size}"

    def _state(self, event: TableState) -> str:
        key = (event.table_id, event.run_id)
        before = self._states.get(key) or event.previous_state
        known, self._states[key] = key in self._states, event.state
        change = f"{before} -> {event.state}" if before else event.state
        words = f"still {event.state}" if known and before == event.state else change
        end = ", end of the run" if event.last else ""
        return f"table {self._name(event.table_id)} {words} ({event.confidence:.2f}) {self._at(event)}{end}"

    def _alert(self, event: HazardAlert) -> str:
        if event.last:
            return f"hazards of run {_short(event.run_id or '')} ended"
        near = ", ".join(self._name(table) for table in event.near_table_ids)
        place = f" near {near}" if near else ""
        return f"hazard {event.kind} {event.status}{place} ({event.confidence:.2f}) {self._at(event)}"

    def _where(self, event: FrameExtracted | CropReady) -> str:
        if event.run_id is None:
            return f"of {self._name(event.camera_id or '?')}"
        self._started.setdefault(event.run_id, event.captured_at)
        at = "" if event.media_ms is None else f" at {_clock(event.media_ms / 1000)}"
        return f"{event.index} of run {_short(event.run_id)}{at}"

    def _at(self, event: TableState | HazardAlert) -> str:
        """When in the video, or when in the day for a live camera."""
        started = self._started.get(event.run_id or "")
        if started is None:
            return f"as of {event.as_of:%H:%M:%S}"
        return f"at {_clock((event.as_of - started).total_seconds())}"

    def _name(self, key: str) -> str:
        own, _, run = key.partition("@")
        return self._names.get(own, _short(own)) + (f" of run {_short(run)}" if run else "")


def _short(identity: str) -> str:
    """The end of an id, which differs; its beginning is a time."""
    return f"…{identity[-6:]}" if len(identity) > 12 else identity


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
