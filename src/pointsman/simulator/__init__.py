"""A provider to try against: speaks every provider dialect in a process of its own and misbehaves on request."""
