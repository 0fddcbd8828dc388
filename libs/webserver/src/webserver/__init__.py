"""HTTP servers on uvicorn, with limits for clients that nobody knows yet. It knows no service and no Kafka.

`serve` runs an ASGI app, `connection` is uvicorn's protocol with our limits, `connections` counts them by address and
ends those that are overdue. Pure: `limits`, `addresses`, `head` (what a request may begin with), `progress` (bytes in
time), `failures` (by address), `rejections` (what the server itself answers). `wrong_keys` limits who tries keys;
`minutes` writes counts to a log.
"""
