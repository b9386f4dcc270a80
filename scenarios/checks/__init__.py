"""Checks that only these scenarios need: pure functions from a history to a finding."""
