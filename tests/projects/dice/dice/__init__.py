"""Programs that careless orders, addresses and clocks would make different each time."""
