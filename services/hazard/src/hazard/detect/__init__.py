"""Detect: what lies on the floor of one frame, written as hazard.candidate."""
