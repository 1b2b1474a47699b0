"""Arithmetic of what can run out: windows of time, and whose spending counts where."""
