"""What all tests share: property tests judge what code does, never how fast the machine is."""

from hypothesis import HealthCheck, settings

settings.register_profile("windtunnel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("windtunnel")
