"""gRPC inside a simulation: the vendor's own Python layer over an in-memory core (start at `install.py`)."""
