"""The composition root: worlds, incidents and mutants."""
