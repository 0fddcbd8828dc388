"""Role dispatch: crops go to a classifier, what it says becomes table.evidence."""
