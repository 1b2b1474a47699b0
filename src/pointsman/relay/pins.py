"""Remembers where the state behind an answer lives, so that what goes on from it is asked of the same deployment.

In this process's memory only; the oldest are forgotten first. Belongs to the event loop's thread.
"""

import re
from collections import OrderedDict

import msgspec

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.server_events import EventSplitter, read_data
from pointsman.core.routing.decision import Decision

MOST_PINS = 20_000
_FIT = re.compile(r"[!-~]{1,200}")


class _Answer(msgspec.Struct):
    id: str | None = None


class _Event(msgspec.Struct):
    response: _Answer | None = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_event = msgspec.json.Decoder(_Event).decode


class Pin(msgspec.Struct, frozen=True):
    """Who got an answer, and from where.

    Attributes:
        key_id: the virtual key that asked.
        deployment: the deployment's id.
    """

    key_id: str
    deployment: str


class Pins:
    """Answers with state, by the id that their provider gave them."""

    __slots__ = ("_pins",)

    def __init__(self) -> None:
        self._pins: OrderedDict[str, Pin] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pins)

    def remember(self, answer: bytes, key_id: str, deployment: str) -> None:
        """An answer is given whose provider may keep its state; what another key got before stays that key's.

        Args:
            answer: in the format of the Responses API: whole, or as its first events.
            key_id: who gets it.
            deployment: the id of the deployment that gave it.
        """
        answer_id = _read_id(answer)
        known = self._pins.get(answer_id)
        if not _FIT.fullmatch(answer_id) or (known is not None and known.key_id != key_id):
            return
        self._pins[answer_id] = Pin(key_id, deployment)
        self._pins.move_to_end(answer_id)
        while len(self._pins) > MOST_PINS:
            self._pins.popitem(last=False)

    def keep_to(self, decision: Decision, request: ChatRequest, key_id: str) -> Decision:
        """A decision with those attempts only that can go on from what the request refers to.

        Where nothing is remembered of it, these are all attempts in the request's own format.

        Raises:
            ClientError: 404 when another key got that answer, 400 when no attempt can go on from it.
        """
        pin = self._pins.get(request.state_id)
        if pin is not None and pin.key_id != key_id:
            message = "There is no such earlier answer; send the whole conversation instead."
            raise ClientError(404, "state_not_found", message, "previous_response_id")
        attempts = tuple(
            attempt
            for attempt in decision.attempts
            if (
                attempt.model.deployment.id == pin.deployment
                if pin is not None
                else attempt.model.deployment.dialect == request.dialect
            )
        )
        if not attempts:
            message = (
                "The state of that earlier answer is kept by a provider that would not serve this request; send the"
                " whole conversation instead, or ask for the model that gave the answer."
            )
            raise ClientError(400, "state_not_portable", message, "previous_response_id")
        return (
            decision
            if len(attempts) == len(decision.attempts)
            else msgspec.structs.replace(decision, attempts=attempts)
        )


def _read_id(answer: bytes) -> str:
    """The id of an answer, or `""`; nothing that the answer says counts as one, wherever it stands."""
    try:
        if answer.lstrip()[:1] == b"{":
            return _decode_answer(answer).id or ""
        _, events = EventSplitter().split(answer)
        first = next(filter(None, map(read_data, events)), b"{}")
        response = _decode_event(first).response
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, UpstreamFailure):
        # Whoever reads it as an answer finds out what is wrong with it; here there is nothing to remember.
        return ""
    return response.id or "" if response is not None else ""
