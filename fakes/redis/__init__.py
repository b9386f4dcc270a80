"""An emulated Redis: fakeredis' state machine behind the gate, over TCP."""

from fakes.redis.backend import create

__all__ = ["create"]
