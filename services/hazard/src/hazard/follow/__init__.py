"""Role follow: one hazard.alert of what several frames and cameras observe.

What happens to one record (`step.py`): it is decoded, and the row of its site or run is read. `rules.py` changes the
row and gives the alerts that changed; `events.py` makes hazard.alert of them, of which `folding` waits for the
acknowledgement before it writes the row (`row.py`) to the changelog. `ticks.py` sends ticks to rows that wait for time
to pass. `log.py` logs the alerts.
"""
