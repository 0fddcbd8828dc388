"""The object store: bytes under a key, on local disk or in any S3-compatible store.

`store` is the interface, `local` and `s3` are its backends, `testing` is one in memory; `settings` and `open` choose
one. `observed` times the operations and counts the errors. `links` signs links to objects on local disk, `multipart`
has the S3 uploads whose parts clients send themselves, and `minio_patches` is the only file that touches minio's
private parts.
"""
