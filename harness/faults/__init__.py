"""Faults: what a scenario plans to go wrong, and the engine that lets it, call by call, from keyed dice."""
