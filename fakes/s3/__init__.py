"""An emulated Amazon S3: moto's state machine behind the gate."""

from fakes.s3.backend import create

__all__ = ["create"]
