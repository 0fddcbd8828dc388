"""Whatever crashes and repeats: the same ids with the same content, the same final rows. A model of Kafka and Faust.

A process may have handled `handled` records when it dies. Rows are durable in the order of their writes, but some of
the latest may not be; offsets are committed no further than rows are durable; outputs were acknowledged before rows.
Of records that are settled together each key's last row is written, and none of them is committed before all of it.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.classifier_gateway.evidence_making import event_of, evidence, record, tick

from chassis.fold import Step
from chassis.records import Record
from classifier_gateway.fold.row import Thresholds
from classifier_gateway.fold.step import TableFold

FOLD = TableFold(Thresholds(enter_ms=2000, leave_ms=4000, hold_ms=1000, ttl_ms=8000), forget_ms=10**12)


class Rows(dict[str, bytes]):
    """Rows of one partition."""

    def keys(self, partition: int = 0) -> list[str]:  # type: ignore[override]
        return sorted(super().keys())


def run(log: list[Record], rows: Rows, start: int, stop: int):
    """(outputs, writes): outputs as (id, whole record), writes as (record number, key, row)."""
    outputs, writes = [], []
    for number in range(start, stop):
        step: Step = FOLD.step(log[number], rows)
        outputs += [(dict(each.headers)["ce_id"], (each.key, each.value, each.headers)) for each in step.outputs]
        for key, row in step.rows.items():
            writes.append((number, key, row))
            write(rows, key, row)
    return outputs, writes


def write(rows: Rows, key: str, row: bytes | None) -> None:
    if row is None:
        rows.pop(key, None)
    else:
        rows[key] = row


def together(writes: list, sizes: list[int], start: int) -> list:
    """The writes when so many records are settled at once, again and again: (first record of them, key, row)."""
    found, number = [], start
    while writes:
        number, size = number + sizes[0], sizes[0]
        sizes = [*sizes[1:], sizes[0]]
        batch = [each for each in writes if each[0] < number]
        writes = writes[len(batch) :]
        found += [(number - size, key, row) for key, row in {key: row for _, key, row in batch}.items()]
    return found


labels = st.sampled_from(["free", "occupied", "occupied", "dirty", "unknown"])
live = st.builds(
    lambda at, label, camera, table: evidence(at=at, label=label, run=None, camera=camera, table=table),
    st.integers(0, 60), labels, st.sampled_from(["cam_1", "cam_2"]), st.sampled_from(["tbl_1", "tbl_2"]),
)  # fmt: skip
in_run = st.builds(lambda at, label: evidence(at=at, label=label), st.integers(0, 60), labels)
health = st.builds(
    lambda at, label: evidence("camera", at, label, run=None, reason="dark"), st.integers(0, 60),
    st.sampled_from(["unknown", None]),
)  # fmt: skip
signals = st.builds(
    lambda at, label: evidence("signal", at, label, run=None, source_id="staff"), st.integers(0, 60), labels
)
ticks = st.builds(tick, st.integers(0, 90))
ends = st.builds(lambda why: evidence("end", 61, reason=why), st.sampled_from([None, None, "cancelled", "deleted"]))
logs = st.lists(st.one_of(live, live, in_run, in_run, health, signals, ticks, ends), max_size=60)
in_order = st.lists(st.one_of(live, in_run, ticks), max_size=80).map(
    lambda log: sorted(log, key=lambda each: each.captured_at)
)
crashes = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.one_of(logs, in_order), crashes, st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_a_crash_repeats_and_never_contradicts(events, crash_points, sizes):
    log = [record(event, offset) for offset, event in enumerate(events)]
    quiet = Rows()
    expected, _ = run(log, quiet, 0, len(log))
    seen: list = []
    durable, committed = Rows(), 0
    for how_far, lost, behind in crash_points:
        rows = Rows(durable)
        handled = committed + round((len(log) - committed) * how_far)
        outputs, writes = run(log, rows, committed, handled)
        writes = together(writes, sizes, committed)
        kept = round(len(writes) * (1 - lost))
        for _, key, row in writes[:kept]:
            write(durable, key, row)
        safe = writes[kept][0] if kept < len(writes) else handled
        seen += outputs
        committed += round((safe - committed) * behind)
    outputs, _ = run(log, durable, committed, len(log))
    seen += outputs
    assert dict(seen) == dict(expected)
    assert len(set(seen)) == len(dict(seen)), "one id with two contents"
    assert durable == quiet


@settings(max_examples=200, deadline=None)
@given(logs, st.lists(st.integers(0, 59), max_size=30))
def test_repeated_evidence_says_nothing_new(events, repeats):
    """Dispatch may write evidence twice; the copies come later, and say nothing."""
    events = [event for event in events if event.kind != "tick"]
    log = [record(event, offset) for offset, event in enumerate(events)]
    once, _ = run(log, Rows(), 0, len(log))
    doubled, seen = [], []
    for event in events:
        seen.append(event)
        doubled += [event, *[seen[index] for index in repeats if index < len(seen)][:3]]
    twice, _ = run([record(event, offset) for offset, event in enumerate(doubled)], Rows(), 0, len(doubled))
    assert [ident for ident, _ in twice] == [ident for ident, _ in once]


@settings(max_examples=200, deadline=None)
@given(logs)
def test_versions_rise_by_one_and_since_never_goes_back(events):
    log = [record(event, offset) for offset, event in enumerate(events)]
    rows, versions, since = Rows(), {}, {}
    for each in log:
        for output in FOLD.step(each, rows).outputs:
            if output.value is None:
                continue
            state = event_of(output)
            key = output.key
            assert state.version == versions.get(key, 0) + 1
            assert state.since >= since.get(key, state.since)
            assert state.expires_at >= state.as_of
            versions[key], since[key] = state.version, state.since
        run([each], rows, 0, 1)
