"""The virtual-time kernel: loop, clocks, chance, processes and network for code that knows nothing of it."""
