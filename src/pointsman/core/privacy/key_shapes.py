"""The shapes of keys that services hand out: one table for whoever must notice, hide or refuse them.

No shape looks further than it matches, or it may only begin where a word does: a search takes linear time.
"""

from typing import NamedTuple


class KeyShape(NamedTuple):
    """How a service writes its keys.

    Attributes:
        owner: whose keys these are.
        pattern: a regular expression for ASCII text, without anchors.
        is_plain: whether names in programs look alike, so that only what looks random is surely a key.
        sign: what a text must hold for this shape; without one, the shape has 16 letters, digits, `_` and `-` in a row.
    """

    owner: str
    pattern: str
    is_plain: bool = False
    sign: bytes = b""


KEY_SHAPES: tuple[KeyShape, ...] = (
    KeyShape(
        "OpenAI, Anthropic, DeepSeek, OpenRouter, Langfuse", r"[sp]k-(?:ant-|proj-|or-|lf-|svcacct-)[A-Za-z0-9_-]{16,}"
    ),
    KeyShape("OpenAI, DeepSeek and others that follow them", r"sk-[A-Za-z0-9_-]{16,}", True),
    KeyShape("Groq", r"gsk_[A-Za-z0-9]{16,}", True),
    KeyShape("xAI", r"xai-[A-Za-z0-9]{16,}", True),
    KeyShape("Perplexity", r"pplx-[A-Za-z0-9]{16,}", True),
    KeyShape("Fireworks", r"fw_[A-Za-z0-9]{16,}", True),
    KeyShape("Hugging Face, Replicate, Together", r"(?:hf|r8|tgp_v1)_[A-Za-z0-9_-]{16,}", True),
    KeyShape("NVIDIA", r"nvapi-[A-Za-z0-9_-]{40,}"),
    KeyShape("Cerebras", r"csk-[a-z0-9]{32,}"),
    KeyShape("DigitalOcean", r"do[opr]_v1_[A-Za-z0-9_-]{16,}"),
    KeyShape("Google", r"AIza[A-Za-z0-9_-]{30,}"),
    KeyShape("Google OAuth", r"GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,}"),
    KeyShape("AWS", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    KeyShape("GitHub", r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,}"),
    KeyShape("GitLab", r"gl(?:pat|dt|rt|ptt|cbt|ft|soat|agent)-[A-Za-z0-9_-]{18,}"),
    KeyShape("Slack", r"xox[abeoprs]-[A-Za-z0-9-]{11,}|xapp-[0-9]-[A-Za-z0-9-]{11,}"),
    KeyShape(
        "Slack webhook",
        r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}",
        sign=b"hooks.slack.com",
    ),
    KeyShape(
        "Discord webhook", r"discord(?:app)?\.com/api/webhooks/[0-9]{15,22}/[A-Za-z0-9_-]{40,}", sign=b"/api/webhooks/"
    ),
    KeyShape("Stripe", r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}"),
    KeyShape("Stripe webhook", r"whsec_[A-Za-z0-9+/=]{20,}", sign=b"whsec_"),
    KeyShape("Square", r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}"),
    KeyShape("Shopify", r"shp(?:at|ca|pa|ss|ua)_[A-Fa-f0-9]{32}"),
    KeyShape("npm", r"npm_[A-Za-z0-9]{36}"),
    KeyShape("Python packages", r"pypi-[A-Za-z0-9_-]{40,}"),
    KeyShape("SendGrid", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    KeyShape("Mailgun", r"key-[0-9a-f]{32}"),
    KeyShape("Mailchimp", r"[0-9a-f]{32}-us[0-9]{1,2}"),
    KeyShape("Twilio", r"(?:SK|AC)[0-9a-f]{32}"),
    KeyShape("Telegram bot", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    KeyShape("Databricks", r"dapi[0-9a-f]{32}"),
    KeyShape("HashiCorp Vault", r"hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    KeyShape("Terraform Cloud", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}"),
    KeyShape("Doppler", r"dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9_-]{30,}"),
    KeyShape("Linear, Notion, Figma", r"lin_api_[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{40,}|figd_[A-Za-z0-9_-]{36,}"),
    KeyShape("Postman", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    KeyShape(
        "Grafana, Sentry",
        r"gl(?:sa|c)_[A-Za-z0-9_]{12}[A-Za-z0-9+/=_]{20,}|sntry[su]_[A-Za-z0-9_]{9}[A-Za-z0-9+/=_]{20,}",
    ),
    KeyShape("New Relic", r"NRAK-[A-Z0-9]{27}"),
    KeyShape("Supabase, PlanetScale", r"sbp_[0-9a-f]{40}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_-]{30,}"),
    KeyShape("Tailscale", r"tskey-(?:auth|api|client)-[A-Za-z0-9-]{16,}"),
    KeyShape("Atlassian", r"ATATT3[A-Za-z0-9_-]{60,}"),
    KeyShape("age", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    KeyShape("Pointsman", r"pm_[A-Za-z0-9_-]{20,}", True),
    KeyShape("JSON Web Token", r"(?<![_-])eyJ[A-Za-z0-9_-]{13,}\.[A-Za-z0-9_-]{10,}\."),
    KeyShape("PEM", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----", sign=b"PRIVATE KEY"),
)
"""Where two shapes fit, the first counts."""
