"""Checks: pure functions from a history to a finding, one small module each. `catalogue.py` lists them by name."""
