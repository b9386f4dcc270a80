"""Twenty programs that careless orders, addresses and clocks would make different each time."""
