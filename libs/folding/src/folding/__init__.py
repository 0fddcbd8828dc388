"""Folds on Faust: a pure step per record, rows in a changelog, outputs acknowledged before rows are written.

`step` has the types of a step function and `options` those of a fold; a service needs these and `fold`. `fold` restarts
a `member` for as long as the process runs; a member is one membership of the consumer group: it feeds records to the
step, ticks, and watches its progress (`watchdog`, `offset_tracker`). `rows` are the rows as steps see them, over the
buffer of `write_behind` and the `row_index`; `writer` writes them. `faust_app` configures Faust, and `faust_patches` is
the only file that touches its private parts. Decisions: 0004, 0031, 0035, 0043.
"""
