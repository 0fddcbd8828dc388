"""Role fold: table.evidence becomes table.state."""
