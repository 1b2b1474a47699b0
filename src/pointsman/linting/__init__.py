"""Finds, in somebody's code base, models that are named where an agent should be; precision before recall."""
