"""Recognises text that looks like a provider's key, so that no document, message or log ever holds one."""

import re

_KEY_SHAPES = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        sk-[A-Za-z0-9_-]{16,}            # OpenAI, Anthropic, DeepSeek, OpenRouter
      | gsk_[A-Za-z0-9]{16,}             # Groq
      | xai-[A-Za-z0-9]{16,}
      | pplx-[A-Za-z0-9]{16,}
      | fw_[A-Za-z0-9]{16,}              # Fireworks
      | (?:hf|r8|do[op]_v1|tgp_v1)_[A-Za-z0-9_-]{16,}
      | AIza[A-Za-z0-9_-]{30,}           # Google
      | (?:AKIA|ASIA)[A-Z0-9]{16}        # AWS
      | gh[pousr]_[A-Za-z0-9]{20,}
      | pm_[A-Za-z0-9_-]{20,}            # our own virtual keys
      | (?i:bearer)\ +[A-Za-z0-9._~+/-]{16,}
      | eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.
      | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    )""",
    re.VERBOSE,
)


def holds_secret(text: str) -> bool:
    """Whether some part of the text has the shape of a key."""
    return _KEY_SHAPES.search(text) is not None
