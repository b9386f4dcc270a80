"""Known-bad variants of single safeguards, as they once ran."""
