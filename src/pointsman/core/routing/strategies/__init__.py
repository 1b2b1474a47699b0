"""How a strategy orders candidates: by location first where it prefers one, then by weighted scores."""
