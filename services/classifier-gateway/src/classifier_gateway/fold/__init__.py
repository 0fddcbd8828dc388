"""Role fold: table.evidence becomes table.state.

What happens to one record (`step.py`): it is decoded, and the row of its table is read. `rules.py` gives the next row
and the states to publish: `votes.py` counts what the cameras of the table say, and whether the evidence for another
state is steady enough is decided in `hysteresis.py`.
`events.py` makes the states, of which `folding` waits for the acknowledgement before it writes the row (`row.py`) to
the changelog. A tick goes to every row of its partition instead. `log.py` logs the transitions.
"""
