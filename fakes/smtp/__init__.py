"""An emulated mail server: it takes every message, keeps it, and sends none."""

from fakes.smtp.backend import create

__all__ = ["create"]
