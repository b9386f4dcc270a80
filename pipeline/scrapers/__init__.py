"""Phase 1: one module per upstream feed. A scraper fetches and counts; it neither stores nor publishes."""
