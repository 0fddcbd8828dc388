"""Whatever crashes and is redelivered: the same ids and content, the same final rows. A model of Kafka and Faust.

A process may have handled `handled` records when it dies. Rows are durable in the order of their writes, but some of
the latest may not be; offsets are committed no further than rows are durable; outputs were acknowledged before rows.
Of records that are written together each key's last row is written, and none of them is committed before all of it.
"""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.properties import examples
from tests.unit.classifier_gateway.evidence_making import event_of, evidence, record, tick

from chassis.records import Record
from classifier_gateway.fold.step import TableFold
from folding.step import Step
from tablewatch_schemas import TableEvidenceThresholds, replace

FOLD = TableFold(TableEvidenceThresholds(enter_ms=2000, leave_ms=4000, hold_ms=1000, ttl_ms=8000), forget_ms=10**12)


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
    """The writes when so many records are written at once, time after time: (first record of them, key, row)."""
    found, number = [], start
    while writes:
        number, size = number + sizes[0], sizes[0]
        sizes = [*sizes[1:], sizes[0]]
        batch = [each for each in writes if each[0] < number]
        writes = writes[len(batch) :]
        found += [(number - size, key, row) for key, row in {key: row for _, key, row in batch}.items()]
    return found


labels = st.sampled_from(["free", "occupied", "occupied", "dirty", "unknown"])
gated = st.builds(
    lambda at, camera, table: evidence("gated", at, run=None, camera=camera, table=table),
    st.integers(0, 60), st.sampled_from(["cam_1", "cam_2"]), st.sampled_from(["tbl_1", "tbl_2"]),
)  # fmt: skip
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
logs = st.lists(st.one_of(live, live, gated, in_run, in_run, health, signals, ticks, ends), max_size=60)
in_order = st.lists(st.one_of(live, gated, in_run, ticks), max_size=80).map(
    lambda log: sorted(log, key=lambda each: each.captured_at)
)
stretch = st.tuples(
    st.one_of(labels, st.just("gated")), st.integers(1, 8), st.sampled_from(["person_between_tables", "mist", None])
)


def in_stretches(stretches, run):
    """One look a second: so many of each label, one after another, and the end."""
    looks = [(label, reason) for label, count, reason in stretches for _ in range(count)]
    events = [
        evidence("gated", at, run=run)
        if label == "gated"
        else evidence(at=at, label=label, reason=reason if label == "unknown" else None, run=run)
        for at, (label, reason) in enumerate(looks)
    ]
    return [*events, *([evidence("end", len(looks))] if run else [tick(len(looks) + 20)])]


def of_two_cameras(stretches, others, ahead):
    """Two cameras on one table, one of them some seconds ahead of the other on the topic."""
    first = [replace(each, camera_id="cam_2", source_id="cam_2") for each in in_stretches(stretches, None)[:-1]]
    both = [(at + ahead, each) for at, each in enumerate(first)] + list(enumerate(in_stretches(others, None)))
    return [each for _, each in sorted(both, key=lambda pair: pair[0])]


steady = st.builds(in_stretches, st.lists(stretch, max_size=12), st.sampled_from([None, "run_1"]))
stretches = st.lists(stretch, max_size=8)
shared = st.builds(of_two_cameras, stretches, stretches, st.integers(0, 5))
crashes = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4)


@examples(300)
@given(st.one_of(logs, in_order, steady, shared), crashes, st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_a_crash_republishes_and_never_contradicts(events, crash_points, sizes):
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
        durable_count = round(len(writes) * (1 - lost))
        for _, key, row in writes[:durable_count]:
            write(durable, key, row)
        safe = writes[durable_count][0] if durable_count < len(writes) else handled
        seen += outputs
        committed += round((safe - committed) * behind)
    outputs, _ = run(log, durable, committed, len(log))
    seen += outputs
    assert dict(seen) == dict(expected)
    assert len(set(seen)) == len(dict(seen)), "one id with two contents"
    assert durable == quiet


@examples(200)
@given(logs, st.lists(st.integers(0, 59), max_size=30))
def test_duplicate_evidence_changes_nothing(events, repeats):
    """Dispatch may write evidence twice; the copies come later, and change nothing."""
    events = [event for event in events if event.kind != "tick"]
    log = [record(event, offset) for offset, event in enumerate(events)]
    once, _ = run(log, Rows(), 0, len(log))
    doubled, seen = [], []
    for event in events:
        seen.append(event)
        doubled += [event, *[seen[index] for index in repeats if index < len(seen)][:3]]
    twice, _ = run([record(event, offset) for offset, event in enumerate(doubled)], Rows(), 0, len(doubled))
    assert [ident for ident, _ in twice] == [ident for ident, _ in once]


@examples(200)
@given(st.one_of(logs, steady, shared))
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
            assert (state.unknown_reason is not None) == (state.state == "unknown")
            assert sum(vote.weight for vote in state.votes) <= 1.01
            assert state.state != "unknown" or state.confidence == 0 or state.reason == "signal"
            versions[key], since[key] = state.version, state.since
        run([each], rows, 0, 1)
