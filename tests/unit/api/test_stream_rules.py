"""Positions, rings, filters, pages and sweeps: the rules without a server."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.events import channel as channels
from api.events.channel import Channel, encode
from api.events.filter import Filter
from api.events.stream import read_position
from api.http import paging
from api.http.errors import InvalidCursor
from api.model.cursors import hazard_cursor, read_hazard_cursor
from api.model.deletion import Deletion, SweepOptions, after_sweep, prefixes
from api.model.projections import SNAPSHOT_TOPICS
from api.model.site_events import NewSiteEvent, SiteEvent, without_superseded
from api.model.states import as_of_now

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def _event(seq: int, **about: str) -> SiteEvent:
    result = {"run_id": None, "camera_id": None, "table_id": None} | about
    return SiteEvent("site_1", seq, "test", result["run_id"], result["camera_id"], result["table_id"], '{"n":1}')


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("abc-7", 7), ("abc-5", 5), ("abc-9", 9), ("abc-4", None), ("abc-10", None), ("xyz-7", None), ("7", None),
        ("abc-", None), ("abc-x", None), ("abc--7", None), ("", None), (None, None), ("abc-٧", None),
    ],
)  # fmt: skip
def test_where_a_client_can_go_on(text: str | None, position: int | None) -> None:
    assert read_position(text, "abc", pruned=5, newest=9) == position


def test_an_event_on_the_wire() -> None:
    assert encode("abc", _event(3)).data == b'id: abc-3\nevent: test\ndata: {"n":1}\n\n'


@given(st.lists(st.integers(1, 3), max_size=60), st.integers(0, 200))
def test_a_ring_gives_everything_after_a_position_or_says_that_it_cannot(steps: list[int], back: int) -> None:
    """Seqs may have holes (deleted runs); a reader at any position that is covered misses nothing."""
    seqs = [10 + sum(steps[: n + 1]) for n in range(len(steps))]
    channel = Channel(start=10, newest=10)
    size, channels.RING_EVENTS = channels.RING_EVENTS, 20
    try:
        channel.push(encode("e", _event(seq)) for seq in seqs)
    finally:
        channels.RING_EVENTS = size
    position = max(0, channel.newest - back)
    if channel.covers(position):
        assert [each.event.seq for each in channel.after(position)] == [seq for seq in seqs if seq > position]
    else:
        assert position < 10 or len(seqs) > 20
    assert len(channel.ring) <= 20


class Woken(asyncio.Event):
    """A reader."""

    def wake(self) -> None:
        self.set()


async def test_readers_are_woken_by_what_comes() -> None:
    channel, woken = Channel(start=0, newest=0), Woken()
    channel.listeners.add(woken)
    channel.push([encode("e", _event(1))])
    await asyncio.wait_for(woken.wait(), 1)


def test_readers_at_one_place_with_one_filter_share_what_is_joined() -> None:
    channel = Channel(start=0, newest=0)
    channel.push([encode("e", _event(1)), encode("e", _event(2, table_id="t"))])
    first = channel.chunk(0, Filter(table_id="t"))
    assert first == (2, encode("e", _event(2, table_id="t")).data)
    assert channel.chunk(0, Filter(table_id="t"))[1] is first[1]
    assert channel.chunk(0, Filter(table_id="other")) == (2, b"")
    assert channel.chunk(2, Filter(table_id="t")) == (2, b"")
    channel.push([encode("e", _event(3))])
    assert channel.chunk(2, Filter())[0] == 3


def test_a_reader_far_behind_is_given_so_many_at_a_time() -> None:
    channel = Channel(start=0, newest=0)
    channel.push(encode("e", _event(seq)) for seq in range(1, channels.CHUNK_EVENTS + 11))
    position, chunk = channel.chunk(0, Filter())
    assert (position, chunk.count(b"data: ")) == (channels.CHUNK_EVENTS, channels.CHUNK_EVENTS)
    assert channel.chunk(position, Filter())[0] == channels.CHUNK_EVENTS + 10


def test_filters() -> None:
    assert Filter().wants(_event(1))
    wanted = Filter(run_id="r", table_id="t")
    assert wanted.wants(_event(1, run_id="r", table_id="t", camera_id="c"))
    assert not wanted.wants(_event(1, run_id="r"))
    assert not Filter(camera_id="c").wants(_event(1, camera_id="d"))
    assert Filter(camera_id="c").wants(_event(1, camera_id="b,c"))


@pytest.mark.parametrize(
    ("topic", "kind", "passes"),
    [
        ("table.state", "table.state", True), ("table.state", "table.state.deleted", True),
        ("table.state", "hazard.alert", False), ("video.job", "video.deleted", True),
        ("camera.config", "camera.deleted", True), ("camera.status", "camera.deleted", False),
        ("camera.state", "camera.state", True), ("camera.config", "camera.state", False),
    ],
)  # fmt: skip
def test_filters_by_topic(topic: str, kind: str, passes: bool) -> None:
    event = SiteEvent("site_1", 1, kind, None, None, None, "{}")
    assert Filter(topics=frozenset({topic})).wants(event) is passes


def test_a_snapshot_is_cut_by_topic() -> None:
    document = {name: [] for name in SNAPSHOT_TOPICS} | {
        "videos": [{"camera_id": "c"}],
        "cameras": [{"camera_id": "c"}],
        "groups": [{"group_id": "g"}],
    }
    cut = Filter(topics=frozenset({"video.job"})).select(document)
    assert cut == document | {"cameras": [], "groups": []}


def test_a_snapshot_counts_what_it_holds_and_what_is_left_out_of_the_wanted_lists() -> None:
    document = {name: [] for name in SNAPSHOT_TOPICS} | {"videos": [{}, {}]}
    document["left_out"] = dict.fromkeys(SNAPSHOT_TOPICS, 7)
    nothing = dict.fromkeys(SNAPSHOT_TOPICS, 0)
    counts = Filter(topics=frozenset({"video.job"})).counts(document)
    assert counts == {"holds": nothing | {"videos": 2}, "left_out": nothing | {"videos": 7}}


def test_a_snapshot_is_cut_by_camera_and_table_where_documents_name_one() -> None:
    document = {name: [] for name in SNAPSHOT_TOPICS} | {
        "states": [{"camera_ids": ["b", "c"], "table_id": "t"}, {"camera_ids": ["c"], "table_id": "u"}],
        "hazards": [{"camera_id": "c"}, {"camera_id": None}],
        "groups": [{"group_id": "g"}],
    }
    assert Filter(camera_id="b").select(document) == document | {"states": document["states"][:1], "hazards": []}
    cut = Filter(table_id="u").select(document)
    assert cut == document | {"states": document["states"][1:]}


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1))
def test_cursors_come_back(position: str) -> None:
    assert paging.decode_cursor(paging.encode_cursor(position)) == position


@pytest.mark.parametrize("cursor", ["!", "a", "\u00e4", paging.encode_cursor("\x00"), "_w"])
def test_cursors_that_are_none(cursor: str) -> None:
    with pytest.raises(InvalidCursor, match="invalid_cursor"):
        paging.decode_cursor(cursor)


def test_cursors_of_frames_and_hazards() -> None:
    assert paging.decode_number(None) == -1
    assert paging.decode_number(paging.encode_cursor("12")) == 12
    for position in ("x", "-1", str(2**31), "1" * 30, "٣"):
        with pytest.raises(InvalidCursor, match="invalid_cursor"):
            paging.decode_number(paging.encode_cursor(position))
    hazard = {"opened_at": "2026-11-23T09:00:00.000Z", "hazard_id": "haz_1"}
    assert read_hazard_cursor(hazard_cursor(hazard)) == (NOW, "haz_1")


def test_a_page_that_is_not_full_is_the_last() -> None:
    assert paging.page([1, 2], 3, "b") == {"items": [1, 2], "next_cursor": None}
    assert paging.page([1, 2], 2, "b")["next_cursor"] == paging.encode_cursor("b")
    assert paging.page([], 2, None)["next_cursor"] is None


def test_states_expire_by_the_clock_only_when_live() -> None:
    state = {
        "state": "occupied", "previous_state": "free", "run_id": None, "expires_at": "2026-11-23T09:00:00.000Z",
        "confidence": 0.9, "reason": "evidence", "since": "2026-11-23T08:00:00.000Z",
    }  # fmt: skip
    assert as_of_now(state, NOW - timedelta(milliseconds=1)) == state | {"expired": False}
    late = as_of_now(state, NOW)
    assert (late["state"], late["previous_state"], late["since"]) == ("unknown", "occupied", state["expires_at"])
    assert (late["confidence"], late["reason"], late["expired"]) == (0.0, "stale", True)
    assert late["unknown_reason"] == "stale"
    assert as_of_now(state | {"state": "unknown", "unknown_reason": "camera"}, NOW)["unknown_reason"] == "camera"
    assert as_of_now(state | {"state": "unknown", "unknown_reason": "doubtful"}, NOW)["unknown_reason"] == "stale"
    assert as_of_now(state | {"run_id": "run_1"}, NOW)["state"] == "occupied"
    unknown = as_of_now(state | {"state": "unknown"}, NOW)
    assert (unknown["previous_state"], unknown["since"]) == ("free", state["since"])


DELETION = Deletion(
    video_id="vid_1", run_id="run_1", site_id="site_1", camera_id=None, requested_at=NOW, clean_sweeps=0, objects=0,
    deleted_at=None,
)  # fmt: skip
TIMES = SweepOptions(
    every_s=2,
    owners_s=60,
    late=timedelta(hours=192),
    event_retention=timedelta(hours=1),
    history_retention=timedelta(days=1),
)


def test_a_sweep_has_to_be_clean_twice_in_a_row() -> None:
    one, again = after_sweep(DELETION, left=0, removed=1, now=NOW, options=TIMES)
    assert (one.clean_sweeps, one.deleted_at, again) == (1, None, NOW + timedelta(seconds=2))
    dirty, _ = after_sweep(one, left=3, removed=0, now=NOW, options=TIMES)
    assert dirty.clean_sweeps == 0
    two, last = after_sweep(one, left=0, removed=2, now=NOW, options=TIMES)
    assert (two.deleted_at, two.objects, last) == (NOW, 3, NOW + timedelta(hours=192))


def test_sweeps_of_a_long_deletion_become_rare() -> None:
    later = NOW + timedelta(hours=5)
    assert after_sweep(DELETION, left=1, removed=0, now=later, options=TIMES)[1] == later + timedelta(seconds=60)


def test_what_is_swept_is_only_the_videos_own() -> None:
    assert all(prefix.endswith("/") and "/site_1/" in prefix for prefix in prefixes(DELETION))
    assert {prefix.split("/")[2] for prefix in prefixes(DELETION)} == {"vid_1", "run_1"}


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.booleans()), max_size=20))
def test_of_a_batch_the_log_keeps_what_changed_and_the_last_word_of_each_key(
    drawn: list[tuple[str | None, bool]],
) -> None:
    events = [
        NewSiteEvent(site_id="s", type="t", document=str(n).encode(), key=key, confirms=confirms and key is not None)
        for n, (key, confirms) in enumerate(drawn)
    ]
    kept = without_superseded(events)
    assert [each for each in events if not each.confirms] == [each for each in kept if not each.confirms]
    assert {each.key: each for each in events if each.key} == {each.key: each for each in kept if each.key}
    assert all(sum(each.confirms for each in kept if each.key == key) <= 1 for key in ("a", "b"))
    assert kept == [each for each in events if each in kept], "in order"
