"""Pointsman: decides which model every LLM call runs on, carries the call there, and proves why."""

__version__ = "0.1.0"
