"""The hub vocabulary: what every other part of the core speaks of, and no wire format at all."""
