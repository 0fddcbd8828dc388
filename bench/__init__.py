"""Measurements against what a user would pick instead, as ratios taken alternately."""
