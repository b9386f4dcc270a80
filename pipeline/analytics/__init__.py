"""Phase 3: one module per analytics table; what triggers which is in `triggers`."""
