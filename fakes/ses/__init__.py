"""An emulated Amazon SES: moto's state machine behind the gate."""

from fakes.ses.backend import create

__all__ = ["create"]
