"""Measures gateways side by side on one machine: the same mock behind, the same load in front, one core each side."""
