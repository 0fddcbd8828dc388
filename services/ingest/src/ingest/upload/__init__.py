"""What can be done to an upload: receive, finish, withdraw, expire it."""
