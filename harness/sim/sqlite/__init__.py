"""SQLite in virtual time: the library in C is real, its clock and its waits are the run's."""
