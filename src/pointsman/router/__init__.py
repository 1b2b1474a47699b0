"""The Python door to decisions: what a request of an agent would run on, without a gateway and without a call."""
