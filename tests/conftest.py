"""What all tests share: property tests judge what code does, never how fast the machine is."""

from hypothesis import HealthCheck, settings

collect_ignore = ["projects"]
"""What is in there are projects of users, with tests that are run as theirs."""

settings.register_profile("windtunnel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("windtunnel")
