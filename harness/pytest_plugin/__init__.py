"""The pytest plugin: tests that run in virtual time. Its entry point is `plugin`."""
