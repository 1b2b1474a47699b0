"""Limits that replicas share, on PostgreSQL: exact by its locks, and only its clock counts."""
