"""What every test needs to have happened first."""

# Its endpoint is a class attribute read from the environment when it is imported: a test that sets
# STORAGE_EMULATOR_HOST must not be the first to import it, or every later client of the worker goes there.
import google.cloud.storage  # noqa: F401 - imported for its effect
