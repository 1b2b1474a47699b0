"""The Python door: the relay of the gateway inside a program, and clients over it; no server is needed."""
