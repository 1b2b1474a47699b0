"""What is done once a call has ended: errors that are ours are raised as ours, and a gateway's calls are counted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from time import monotonic
from typing import Any

import openai

from pointsman.core.chat.money import format_usd
from pointsman.langchain.receipts import Receipt
from pointsman.library.errors import PointsmanError
from pointsman.library.failed import build_error
from pointsman.library.remote_calls import count_remote_answer

MISSING = "upstream_credential_missing"
MOST_CAUSES = 8


@contextmanager
def own_errors(receipt: Receipt) -> Iterator[None]:
    """Raise what only the program's operator can mend as `PointsmanError`, and all else as OpenAI's SDK has it.

    Raises:
        MissingCredential: a provider's key is not set.
        GatewayUnreachable, EngineClosed, RequestTimedOut: nobody answered.
    """
    try:
        yield
    except openai.APIError as error:
        own = _find_own_error(error, receipt)
        if own is None:
            raise
        raise own from error


def count_remote_call(receipt: Receipt, agent: str | None, usage: Mapping[str, Any] | None) -> None:
    """Count a call that a gateway answered; those of an engine in this process are counted by that. Never fails."""
    if receipt.exchange is None or receipt.engine is None:
        return
    tokens = (usage["input_tokens"], usage["output_tokens"]) if usage else (0, 0)
    cost_usd = None if receipt.cost_nusd is None else Decimal(format_usd(receipt.cost_nusd))
    headers, latency_s = receipt.exchange.headers, monotonic() - receipt.began_s
    count_remote_answer(receipt.engine, agent or "", headers, tokens, cost_usd, latency_s)


def _find_own_error(error: openai.APIError, receipt: Receipt) -> PointsmanError | None:
    if isinstance(error, openai.APIStatusError):
        if error.code != MISSING or receipt.engine is None:
            return None
        fields = tuple([(name.lower(), value) for name, value in error.response.headers.items()])
        return build_error(receipt.engine, error.status_code, fields, error.response.content)
    cause: BaseException | None = error
    for _ in range(MOST_CAUSES):
        cause = cause.__cause__ or cause.__context__ if cause is not None else None
        if isinstance(cause, PointsmanError):
            return cause
    return None
