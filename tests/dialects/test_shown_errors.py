"""What a provider says reaches a client without keys, hosts or accounts, however it is cut."""

import pytest

from pointsman.core.dialects.rejections import MOST_MESSAGE_CHARACTERS, show_error

MASKED = [
    ("Rate limit reached in organization org-abcdefgh123 project proj_short on tokens", "abcdefgh proj_short"),
    ("Quota exceeded for consumer 'project_number:123456789012'", "123456789012"),
    ("projects/my-project-1/locations/europe-west1 is out of quota", "my-project-1"),
    ("User: arn:aws:iam::123456789012:user/ops is not authorized", "123456789012 user/ops"),
    ("dial tcp 10.0.0.5:11434: connect: connection refused", "10.0.0.5 11434"),
    ("dial tcp [fd00::12]:8000: i/o timeout", "fd00::12 8000"),
    ("upstream http://internal-vllm.corp:8000/x failed", "internal-vllm 8000"),
    ("upstream internal-vllm.corp:8000 failed", "internal-vllm 8000"),
    ("Incorrect API key provided: sk-ant-api03-****abcd.", "sk-ant abcd"),
    ("signature secret=abcdEFGH/123+key", "abcdEFGH 123+key"),
]


@pytest.mark.parametrize(("message", "hidden"), MASKED)
def test_infrastructure_is_masked(message: str, hidden: str) -> None:
    shown = show_error(message, message, message)
    assert shown is not None
    for text in (shown.message, shown.code, shown.param):
        assert text is not None and "***" in text and not any(word in text for word in hidden.split())


def test_a_key_is_masked_before_the_message_is_cut() -> None:
    shown = show_error("k" * (MOST_MESSAGE_CHARACTERS - 15) + " sk-1234567890abcdef and more")
    assert shown is not None and "sk-" not in shown.message and shown.message.endswith(" *** and more")
    assert len(shown.message) <= MOST_MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens: 5000 is more than 4096 at messages[0].content[1:2].",
        "The project is over its limit; try again in 1.5 s (12:30:05).",
        "Invalid value for 'temperature': 2.5.",
    ],
)
def test_what_a_client_needs_stays(message: str) -> None:
    shown = show_error(message)
    assert shown is not None and shown.message == message
