"""Scenario files: found, read with their line numbers, and turned into typed models or one clear error."""
