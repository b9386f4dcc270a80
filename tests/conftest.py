"""What all tests share: property tests judge what code does, never how fast the machine is."""

# Its endpoint is a class attribute read from the environment when it is imported: a test that sets
# STORAGE_EMULATOR_HOST must not be the first to import it, or every later client of the worker goes there.
import google.cloud.storage  # noqa: F401 - imported for its effect
from hypothesis import HealthCheck, settings

settings.register_profile("windtunnel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("windtunnel")
