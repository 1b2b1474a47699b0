"""Looks at an installation without changing it, and says what is wrong and what to do next; never shows a secret."""
