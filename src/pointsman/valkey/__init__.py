"""Limits that replicas share, on Redis or Valkey; an optional extra. What the server has lost is noticed."""
