"""What is done once a call has ended: errors that are ours are raised as ours, and a gateway's calls are counted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

import openai

from pointsman.langchain.receipts import Receipt
from pointsman.library.engine import Engine
from pointsman.library.errors import PointsmanError
from pointsman.library.failed import build_error
from pointsman.library.token_tracker import token_tracker

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
    """Count a call that a gateway answered; those of an engine in this process are counted by that."""
    if receipt.exchange is None or isinstance(receipt.engine, Engine):
        return
    sent, answered = (usage["input_tokens"], usage["output_tokens"]) if usage else (0, 0)
    token_tracker.track(agent or "", sent, answered, receipt.cost_usd, monotonic() - receipt.began_s)


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
