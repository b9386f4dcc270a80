"""Emulators: each a pure state machine with its front ends, knowing nothing of scenarios or harness."""
