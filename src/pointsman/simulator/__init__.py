"""A provider to try against: speaks OpenAI chat in a process of its own and misbehaves on request."""
