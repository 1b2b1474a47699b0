"""Providers by the names that other forms give them."""

from pointsman.core.config.nodes import ScalarNode

ALIASES = {"claude": "anthropic", "gemini": "google", "fireworks_ai": "fireworks", "together_ai": "together"}
"""What seed 000 and others call a provider, and what the catalogue does."""


def rename_provider(node: ScalarNode) -> ScalarNode:
    """The same provider by the catalogue's name."""
    return ScalarNode(node.place, node.text, ALIASES.get(str(node.value), node.value))
