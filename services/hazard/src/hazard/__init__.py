"""Finds hazards on the floor and follows them."""
