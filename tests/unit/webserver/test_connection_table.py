"""The table of open connections, without sockets."""

from webserver.connections import ConnectionTable, Unobserved
from webserver.limits import DEFAULTS


class _Connection:
    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.judged, self.aborted = error, 0, False

    def waits_since(self) -> float | None:
        return None

    def abort(self) -> None:
        self.aborted = True

    def end_if_overdue(self, now: float) -> None:
        self.judged += 1
        if self.error is not None:
            raise self.error


def test_a_connection_that_cannot_be_judged_is_ended_and_the_others_keep_their_deadlines() -> None:
    table = ConnectionTable(DEFAULTS, Unobserved())
    connections = [_Connection(), _Connection(RuntimeError("x")), _Connection()]
    for each in connections:
        assert table.add(each, "192.0.2.1", 0) is None
    table.sweep(1)
    assert [each.judged for each in connections] == [1, 1, 1]
    assert [each.aborted for each in connections] == [False, True, False]
