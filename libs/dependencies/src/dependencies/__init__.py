"""What a process cannot work without: the store, the database, the broker, a directory.

`errors` gives each fault a stable code; `checks` asks in the background, so that a probe of `/readyz` answers at once.
"""
