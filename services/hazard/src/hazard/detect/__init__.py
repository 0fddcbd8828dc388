"""Role detect: what lies on the floor of one frame, published as hazard.candidate."""
