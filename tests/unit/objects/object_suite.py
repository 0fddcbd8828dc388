"""What every object store must do. The tests of memory, local disk and S3 subclass it with a fixture `store`."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from objects.store import BadKey, Gone, ObjectStore

BAD_KEYS = ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".hidden", "a/.hidden", "a b", "a\nb", "ä", "x" * 1000]


class ObjectStoreSuite:
    """Subclass it, and define a fixture `store`. Keys start with `prefix`, fresh for each test."""

    @pytest.fixture
    def prefix(self, tmp_path: Path) -> str:
        return f"suite/{tmp_path.name}-{id(tmp_path)}"

    async def test_what_was_put_is_read(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/a.bin", b"hello")
        assert await store.get(f"{prefix}/a.bin") == b"hello"

    async def test_put_replaces(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/a", b"a long first one")
        await store.put(f"{prefix}/a", b"second")
        assert await store.get(f"{prefix}/a") == b"second"

    async def test_empty_object(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/empty", b"")
        info = await store.stat(f"{prefix}/empty")
        assert info is not None and info.size == 0
        assert await store.get(f"{prefix}/empty") == b""

    @pytest.mark.parametrize("final", [False, True])
    async def test_put_of_a_file_leaves_the_file(
        self, store: ObjectStore, prefix: str, tmp_path: Path, final: bool
    ) -> None:
        source = tmp_path / "source.bin"
        source.write_bytes(b"x" * 100_000)
        await store.put(f"{prefix}/file", source, final=final)
        assert source.stat().st_size == 100_000
        source.unlink()
        assert await store.get(f"{prefix}/file") == b"x" * 100_000

    async def test_a_file_that_changes_afterwards_changes_nothing(
        self, store: ObjectStore, prefix: str, tmp_path: Path
    ) -> None:
        source = tmp_path / "source.bin"
        source.write_bytes(b"before")
        await store.put(f"{prefix}/file", source)
        source.write_bytes(b"after!")
        assert await store.get(f"{prefix}/file") == b"before"

    async def test_ranges(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/r", b"0123456789")
        assert await store.get_range(f"{prefix}/r", 0, 4) == b"0123"
        assert await store.get_range(f"{prefix}/r", 4, 3) == b"456"
        assert await store.get_range(f"{prefix}/r", 8, 100) == b"89"
        assert await store.get_range(f"{prefix}/r", 100, 5) == b""
        assert await store.get_range(f"{prefix}/r", 3, 0) == b""

    async def test_what_is_not_there_is_gone(self, store: ObjectStore, prefix: str) -> None:
        with pytest.raises(Gone):
            await store.get(f"{prefix}/nothing")
        with pytest.raises(Gone):
            await store.get_range(f"{prefix}/nothing", 0, 1)
        with pytest.raises(Gone):
            async with store.local_path(f"{prefix}/nothing"):
                pass
        assert await store.stat(f"{prefix}/nothing") is None

    async def test_stat_has_size_and_time(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/s", b"12345")
        info = await store.stat(f"{prefix}/s")
        assert info is not None
        assert (info.key, info.size) == (f"{prefix}/s", 5)
        assert abs(datetime.now(UTC) - info.modified) < timedelta(minutes=1)

    async def test_delete_is_idempotent(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/d", b"1")
        await store.delete(f"{prefix}/d")
        await store.delete(f"{prefix}/d")
        assert await store.stat(f"{prefix}/d") is None

    async def test_delete_prefix_deletes_what_is_below_it_only(self, store: ObjectStore, prefix: str) -> None:
        inside = [f"{prefix}/one/{name}" for name in ("a", "b/c", "b/d")]
        beside = [f"{prefix}/one-more/a", f"{prefix}/two/a"]
        for key in inside + beside:
            await store.put(key, key.encode())
        assert await store.delete_prefix(f"{prefix}/one/") == 3
        assert await store.delete_prefix(f"{prefix}/one/") == 0
        assert [info.key async for info in store.list(f"{prefix}/")] == beside

    async def test_list_is_ordered_by_key_and_has_sizes(self, store: ObjectStore, prefix: str) -> None:
        for key in ("b", "a/2", "a/10", "a-b", "c"):
            await store.put(f"{prefix}/{key}", key.encode())
        found = [(info.key.removeprefix(f"{prefix}/"), info.size) async for info in store.list(f"{prefix}/")]
        assert found == [("a-b", 3), ("a/10", 4), ("a/2", 3), ("b", 1), ("c", 1)]

    async def test_list_by_part_of_a_name(self, store: ObjectStore, prefix: str) -> None:
        for key in ("run_1/x", "run_12/x", "other"):
            await store.put(f"{prefix}/{key}", b"")
        assert [info.key async for info in store.list(f"{prefix}/run_1")] == [f"{prefix}/run_1/x", f"{prefix}/run_12/x"]

    async def test_list_of_nothing(self, store: ObjectStore, prefix: str) -> None:
        assert [info async for info in store.list(f"{prefix}/none/")] == []

    async def test_local_path_reads_as_a_file(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/l", b"content")
        async with store.local_path(f"{prefix}/l") as path:
            assert path.read_bytes() == b"content"

    async def test_a_reader_sees_one_whole_object(self, store: ObjectStore, prefix: str) -> None:
        versions = [bytes([number]) * 200_000 for number in range(6)]
        await store.put(f"{prefix}/w", versions[0])

        async def write() -> None:
            for version in versions:
                await store.put(f"{prefix}/w", version)

        writing = asyncio.create_task(write())
        while not writing.done():
            await asyncio.sleep(0)
            assert await store.get(f"{prefix}/w") in versions
        await writing

    async def test_many_at_once(self, store: ObjectStore, prefix: str) -> None:
        async def put_and_delete(number: int) -> None:
            await store.put(f"{prefix}/many/{number % 4}/{number}", b"x")
            await store.delete(f"{prefix}/many/{number % 4}/{number}")

        await asyncio.gather(*(put_and_delete(number) for number in range(40)))
        assert [info async for info in store.list(f"{prefix}/many/")] == []

    @pytest.mark.parametrize("key", BAD_KEYS)
    async def test_bad_keys_are_refused(self, store: ObjectStore, key: str) -> None:
        with pytest.raises(BadKey):
            await store.put(key, b"")
        with pytest.raises(BadKey):
            await store.get(key)

    async def test_no_prefix_means_everything(self, store: ObjectStore) -> None:
        with pytest.raises(BadKey):
            await store.delete_prefix("")

    async def test_link_names_the_object(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/linked.jpg", b"1")
        assert "linked.jpg" in await store.link(f"{prefix}/linked.jpg", 60)
