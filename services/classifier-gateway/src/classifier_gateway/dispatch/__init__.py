"""Role dispatch: crops go to a classifier; its verdicts become table.evidence."""
