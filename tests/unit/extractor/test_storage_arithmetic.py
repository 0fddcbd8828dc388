"""What a run reserves of its site's storage quota."""

import pytest

from extractor.model.failures import QuotaReserved, SiteStorageFull
from extractor.model.storage import (
    CHUNK,
    RunEstimate,
    Sample,
    StorageUse,
    check_fits,
    crop_share,
    extended,
    run_estimate,
)

GB = 10**9


def use(stored: int, reserved: int = 0, limit: int = GB) -> StorageUse:
    return StorageUse(stored, 0, reserved, limit)


def test_room_is_what_is_neither_stored_nor_reserved() -> None:
    assert StorageUse(frames=300, crops=100, reserved=200, limit=1000).room == 400
    assert StorageUse(frames=900, crops=100, reserved=200, limit=1000).room == 0


def test_a_reservation_grows_by_a_chunk_as_long_as_there_is_room() -> None:
    assert extended(0, 5, use(0)) == 5 + CHUNK
    assert extended(10, 15, use(GB - 100, 10)) == 100  # all that is left
    assert extended(10, 100, use(GB - 100, 10)) == 100  # the last byte
    with pytest.raises(SiteStorageFull) as refused:
        extended(10, 101, use(GB - 100, 10))
    assert "91 bytes are wanted" in refused.value.detail


def test_a_limit_that_was_lowered_below_what_is_stored_leaves_no_room() -> None:
    with pytest.raises(SiteStorageFull):
        check_fits(1, use(2 * GB))
    check_fits(0, use(2 * GB))


def test_what_others_have_only_reserved_is_waited_for() -> None:
    check_fits(100, use(GB - 300, 200))
    with pytest.raises(QuotaReserved):
        check_fits(101, use(GB - 300, 200))
    with pytest.raises(QuotaReserved):
        check_fits(300, use(GB - 300, 200))
    with pytest.raises(SiteStorageFull):
        check_fits(301, use(GB - 300, 200))


@pytest.mark.parametrize(
    ("sample", "png", "frame"),
    [
        (Sample(1_000_000, 2_073_600), False, 1_500_000),  # noise
        (Sample(20_000, 2_073_600), False, 259_200),  # a black first frame
        (Sample(20_000, 2_073_600), True, 2_073_600),
    ],
)
def test_an_estimate_has_a_margin_and_does_not_believe_a_black_frame(sample: Sample, png: bool, frame: int) -> None:
    assert run_estimate(sample, png, 0.5).frame == frame


def test_crops_take_their_share_of_a_frame_as_often_as_they_overlap() -> None:
    share = crop_share([(0.0, 0.0, 0.5, 0.5), (0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0)])
    assert share == 2.25
    assert run_estimate(Sample(1_000, 8_000), False, share) == RunEstimate(1_500, 3_375)
    assert run_estimate(Sample(1_000, 8_000), True, share) == RunEstimate(8_000, 2_250)  # crops are JPEGs
    assert run_estimate(None, False, share) == RunEstimate()
