"""Writes answers and errors to the client: the provider's bytes as they came, our headers beside them."""

import logging
import math
import re
import traceback

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.chat.money import format_usd
from pointsman.core.chat.request import Encoded
from pointsman.core.limits.claims import Place
from pointsman.core.limits.rate_view import write_rate_headers
from pointsman.core.ports import Client
from pointsman.core.routing.decision import Decision
from pointsman.relay.answer_cache import KeptAnswer
from pointsman.relay.call import Progress, Relay
from pointsman.relay.order import MOST_NAME_CHARACTERS, find_terms
from pointsman.relay.pass_on import send_stream
from pointsman.relay.settle import close_books
from pointsman.relay.try_model import Answer, PlainAnswer

_log = logging.getLogger(__name__)

_JSON = (b"content-type", b"application/json")
_EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
MOST_LISTED = 50
"""Changes or losses that a header lists."""

MOST_LIST_BYTES = 4_096
_UNPRINTABLE = re.compile(r"[^ -~]")

_UPSTREAM_IDS = (b"x-request-id", b"request-id", b"x-amzn-requestid")
"""How OpenAI, Anthropic and Bedrock, and all who do as they do, name their own id of a call."""

_PRIVATE = (b"cache-control", b"private, no-store")
_SAFE_ID = re.compile(rb"[!-~]{1,128}")

_LASTING = frozenset(("budget_exceeded", "no_model_available", "privacy_unavailable"))
"""Refusals with a status that SDKs would retry, though the same request gets the same answer."""

Fields = list[tuple[bytes, bytes]]


async def respond(relay: Relay, progress: Progress, answer: Answer, client: Client) -> None:
    """Send a good answer; one that breaks off later is ended with an error that no client takes for its end."""
    if isinstance(answer, PlainAnswer):
        _send_plain(relay, progress, answer, client)
    else:
        headers = [_EVENTS, *_describe(relay, progress, answer.encoded), *_name_upstream_request(answer)]
        await send_stream(relay, progress, answer, headers, client)


def respond_again(relay: Relay, progress: Progress, decision: Decision, kept: KeptAnswer, client: Client) -> None:
    """Send an answer that was given before; nobody is called for it, and it costs nothing."""
    first = decision.attempts[0]
    progress.cache, progress.model, progress.verification = "hit", first.model, kept.verification
    headers = [
        (b"content-type", kept.content_type or _JSON[1]),
        *_describe(relay, progress, kept.encoded),
        (b"x-pointsman-cost-usd", b"0"),
        (b"age", b"%d" % max(0, relay.monotonic_s() - kept.kept_at_s)),
    ]
    progress.status = 200
    close_books(relay, progress)
    client.start(200, headers, body_bytes=len(kept.body))
    client.end(kept.body)


def respond_estimated(relay: Relay, progress: Progress, decision: Decision, body: bytes, client: Client) -> None:
    """Send a count of tokens that is our own; nobody was asked."""
    progress.model = decision.attempts[0].model
    headers = [
        _JSON,
        *_describe(relay, progress, None),
        (b"x-pointsman-cost-usd", b"0"),
        (b"x-pointsman-estimated", b"tokens"),
    ]
    progress.status = 200
    close_books(relay, progress)
    client.start(200, headers, body_bytes=len(body))
    client.end(body)


def refuse(relay: Relay, progress: Progress, client: Client, error: ClientError) -> None:
    """Tell the client of its own mistake."""
    progress.failure = error.code
    extra: Fields = [(b"x-should-retry", b"false")] if error.code in _LASTING else []
    if error.retry_after_s is not None:
        extra.append((b"retry-after", b"%d" % math.ceil(error.retry_after_s)))
    _send_error(relay, progress, client, error.status, error.code, error.message, error.param, extra)


def report_failure(relay: Relay, progress: Progress, client: Client, failure: UpstreamFailure) -> None:
    """Tell the client that no provider answered, without saying whose key or host it was."""
    # Before its first byte, an answer that broke off is a bad answer and not a cut stream.
    kind = FailureKind.BAD_RESPONSE if failure.kind is FailureKind.INTERRUPTED else failure.kind
    policy = POLICIES[kind]
    is_spent = kind is FailureKind.QUOTA_EXHAUSTED
    extra: Fields = []
    if failure.retry_after_s is not None and policy.status in (429, 503) and not is_spent:
        extra.append((b"retry-after", b"%d" % math.ceil(failure.retry_after_s)))
    if progress.attempts > 1 or is_spent:
        extra.append((b"x-should-retry", b"false"))
    progress.failure = policy.code
    if failure.status is not None:
        extra.append((b"x-pointsman-upstream-status", b"%d" % failure.status))
    shown = failure.shown
    if shown is not None and policy.show_upstream:
        if kind is FailureKind.UNTRANSLATABLE:
            # Only there the code is ours; a provider's may be any word.
            progress.failure = shown.code or policy.code
        code = shown.code or policy.code
        _send_error(relay, progress, client, policy.status, code, shown.message, shown.param, extra)
        return
    model = progress.model.name if progress.model else ""
    said = f' It says: "{shown.message}"' if shown is not None and policy.quote_upstream else ""
    message = f'The model "{model}" could not answer: {policy.words}.{said}'
    _send_error(relay, progress, client, policy.status, policy.code, message, None, extra)


def report_fault(relay: Relay, progress: Progress, client: Client, error: Exception) -> None:
    """Tell the client that the gateway itself is at fault, and the log where."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    call = progress.call.request_id
    _log.error("call %s failed inside: %s at %s:%s", call, type(error).__name__, where.filename, where.lineno)
    message = "The gateway failed; the operator finds the cause in its log under this request_id."
    _break_off(relay, progress, client, 500, "internal_error", message)


def report_shutdown(relay: Relay, progress: Progress, client: Client) -> None:
    """Tell the client that the gateway ends before the answer does."""
    _break_off(relay, progress, client, 503, "shutting_down", "The gateway is shutting down; send the request again.")


def _break_off(relay: Relay, progress: Progress, client: Client, status: int, code: str, message: str) -> None:
    progress.failure = code
    if progress.status:
        close_books(relay, progress)
        client.end(progress.call.client.encode_stream_error(code, message, progress.call.shown_id))
    else:
        _send_error(relay, progress, client, status, code, message, None, [])


def _send_error(
    relay: Relay,
    progress: Progress,
    client: Client,
    status: int,
    code: str,
    message: str,
    param: str | None,
    extra: Fields,
) -> None:
    progress.status = status
    close_books(relay, progress)
    body = progress.call.client.encode_error(status, code, message, param, progress.call.shown_id)
    client.start(status, [_JSON, *_describe(relay, progress, None), *extra], body_bytes=len(body))
    client.end(body)


def _send_plain(relay: Relay, progress: Progress, answer: PlainAnswer, client: Client) -> None:
    progress.status = 200
    cost_nusd = close_books(relay, progress).cost_nusd
    headers = [
        (b"content-type", answer.content_type),
        *_describe(relay, progress, answer.encoded),
        *_name_upstream_request(answer),
    ]
    if cost_nusd is not None:
        headers.append((b"x-pointsman-cost-usd", format_usd(cost_nusd).encode()))
    client.start(200, headers, body_bytes=len(answer.body))
    client.end(answer.body)


def _describe(relay: Relay, progress: Progress, encoded: Encoded | None) -> Fields:
    fields: Fields = [
        (b"x-request-id", progress.call.shown_id.encode()),
        (b"x-pointsman-revision", progress.snapshot.revision.encode()),
        _PRIVATE,
    ]
    decision, model = progress.decision, progress.model
    if decision is not None and model is not None:
        fields += [
            (b"x-pointsman-model", model.name.encode()),
            (b"x-pointsman-decision", decision.decided_by.encode()),
            (b"x-pointsman-attempts", b"%d" % progress.attempts),
        ]
        if progress.degraded:
            fields.append((b"x-pointsman-degraded", progress.degraded.encode()))
        if progress.verification:
            fields.append((b"x-pointsman-verification", progress.verification.encode()))
        if progress.clamped is not None:
            fields.append((b"x-pointsman-max-tokens-clamped", b"%d" % progress.clamped))
        if progress.cache:
            fields.append((b"x-pointsman-cache", progress.cache.encode()))
    if progress.payer is not None and relay.limits.has_any:
        fields += _describe_rates(relay, progress)
    if encoded is not None and encoded.changes:
        fields.append((b"x-pointsman-changes", _list_names(encoded.changes)))
    if encoded is not None and encoded.losses and _tells_losses(progress):
        fields.append((b"x-pointsman-losses", _list_names(encoded.losses)))
    return fields


def _describe_rates(relay: Relay, progress: Progress) -> Fields:
    """The rates that the request counts in, where it goes or would have gone."""
    model, decision = progress.model, progress.decision
    if model is None and decision is not None and progress.next_place:
        model = decision.attempts[min(progress.next_place, len(decision.attempts)) - 1].model
    if model is None or progress.payer is None:
        return []
    place = Place(model.name, model.deployment.provider, model.deployment.location)
    view = relay.limits.describe(progress.payer, place, progress.call.arrived_at_ms)
    return write_rate_headers(view) if view is not None else []


def _tells_losses(progress: Progress) -> bool:
    decision = progress.decision
    return decision is None or find_terms(progress, decision).on_loss != "allow"


def _list_names(names: tuple[str, ...]) -> bytes:
    """Names as a header may hold them: some are the client's own words, which may be any text of any length."""
    listed: list[str] = []
    room = MOST_LIST_BYTES
    for name in names[:MOST_LISTED]:
        text = _UNPRINTABLE.sub(_escape, name[:MOST_NAME_CHARACTERS])
        room -= len(text) + len(", ")
        if room < 0:
            break
        listed.append(text)
    if len(names) > len(listed):
        listed.append(f"and {len(names) - len(listed)} more")
    return ", ".join(listed).encode("ascii")


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _name_upstream_request(answer: Answer) -> Fields:
    for name in _UPSTREAM_IDS:
        upstream_id = answer.response.header(name)
        if _SAFE_ID.fullmatch(upstream_id):
            return [(b"x-pointsman-upstream-request-id", upstream_id)]
    return []
