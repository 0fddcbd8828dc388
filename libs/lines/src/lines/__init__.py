"""Lines that people read in a terminal or a log: `visible` text of strangers, and `repeats` of a log line counted.

It stands below everything and needs only the standard library.
"""
