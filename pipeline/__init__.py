"""The sports pipeline: production code that knows nothing of any test, emulator or harness."""
