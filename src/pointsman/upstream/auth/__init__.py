"""How a provider's key travels: one module per way, one table; no message ever holds a key."""
