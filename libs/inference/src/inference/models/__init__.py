"""Bringing the weights: fetched once at set-up, checked against a hash, converted by our own code, kept outside git."""
