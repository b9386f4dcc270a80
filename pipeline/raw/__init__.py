"""Phase 2: one module per raw table. A parser turns a stored capture into rows; loading is the same for all."""
