"""Emulators on real sockets and the real clock."""
