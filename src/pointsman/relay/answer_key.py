"""What makes two requests the same: all that the model would get, who asks, and which model in which place it is."""

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from pointsman.core.chat.request import ParameterValue
from pointsman.core.config.snapshot import Model, Terms
from pointsman.core.routing.decision import Check

UNHEEDED = frozenset({"stream", "stream_options", "user", "metadata"})
"""Members of a request that say nothing about what is to be answered."""

KEY_BYTES = 32

_encode = msgspec.msgpack.Encoder().encode


class Question(msgspec.Struct, frozen=True):
    """All that an answer depends on.

    Attributes:
        scope: the virtual key; nobody else ever gets an answer that was given to it.
        client_path: the wire format that the client speaks, and what it asks for.
        model: what would be asked first.
        parameters: used where the request states none.
        check: the second model that the answer would be shown to, or `None`.
        terms: what may happen to the request on its way; one that would be refused gets no answer to another.
        passed: headers of the client's that the provider sees.
        fields: the decoded request.
    """

    scope: str
    client_path: str
    model: Model
    parameters: tuple[tuple[str, ParameterValue], ...]
    check: Check | None
    terms: Terms
    passed: tuple[tuple[bytes, bytes], ...]
    fields: Mapping[str, object]


def digest_question(question: Question) -> bytes:
    """Stands for every bit of a question.

    The order of the request's own members does not count; that of anything within them does, since a model sees it.
    """
    model, check = question.model, question.check
    place = model.deployment
    # What the same id meant in an older configuration may have been another server, or another account there.
    told = (
        question.scope,
        question.client_path,
        (model.name, place.id, place.dialect, place.base_url, place.credential, place.auth, place.headers),
        (place.quirks, model.max_output_tokens),
        question.parameters,
        None if check is None else (check.rule, check.model.name if check.model else None, check.only_below),
        question.terms,
        question.passed,
        [[name, question.fields[name]] for name in sorted(question.fields.keys() - UNHEEDED)],
    )
    return blake2b(_encode(told), digest_size=KEY_BYTES).digest()
