"""Providers called `litellm/NAME`, reached through the library LiteLLM of the extra `litellm`.

The library blocks, takes seconds to import and looks after itself in many ways, so it lives in a thread and an event
loop of its own, is told everything that it would otherwise find out by itself, and never sees what is not meant for it.
"""
