"""What every consumer of our contracts needs. The one library that sees both chassis and tablewatch_schemas.

`decode` turns a record into its event, or raises Invalid; `table` reads a compacted topic in full, `consume` waits for
tables before it consumes; `runs` is the registry of unwanted runs, `cameras` that of each camera's newest layout,
`documents` a cache of layouts and manifests; `metrics` are those that several services write.
"""
