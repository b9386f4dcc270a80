"""GoogleSQL onto DuckDB: parsing, types, names, functions and statements. Knows no HTTP, no job and no clock."""
