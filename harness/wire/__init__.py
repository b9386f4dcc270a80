"""Emulators on loopback, with faults, history and a control API: what `windtunnel up` runs."""
