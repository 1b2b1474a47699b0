"""A file that calls are noted in before they matter; it knows nothing of the ledger that they end up in."""
