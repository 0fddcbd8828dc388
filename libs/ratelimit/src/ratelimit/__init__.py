"""Request limits that the replicas of a service share.

`limit` has the values and is pure, `counts` the SQL on the table `request_counts` of the service, `limiter` leases
requests from it in batches and goes on alone while the database is away.
"""
