"""What a wire format can do for an operation beside chat: one request, one answer, never a stream.

As with chats there are up to three sides; see `dialect.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking, Draft, Target


class OperationAnswer(Protocol):
    """What every answer tells."""

    @property
    def usage(self) -> Usage | None:
        """As the provider reported it, or `None`."""


Asked = TypeVar("Asked")
Answer = TypeVar("Answer", bound=OperationAnswer)


@dataclass(frozen=True, slots=True)
class OperationClient(Generic[Asked, Answer]):
    """What clients of the format send and get.

    Attributes:
        read_request: a decoded request -> hub; raises `ClientError` for what no other format could be told.
        write_answer: hub -> the body of the answer.
    """

    read_request: Callable[[ChatRequest], Asked]
    write_answer: Callable[[Answer, Asking], bytes]


@dataclass(frozen=True, slots=True)
class OperationProvider(Generic[Asked, Answer]):
    """What providers of the format are sent and send.

    Attributes:
        find_path: upstream model id and hub -> what follows the base URL.
        encode_request: hub, target -> draft and changes, as `input_type="search_document"`, for what the format demands
            and nobody said; raises `ClientError` for what it cannot say at all.
        read_answer: the body of an answer with status 200, hub -> hub; raises `UpstreamFailure` when it is none.
    """

    find_path: Callable[[str, Asked], str]
    encode_request: Callable[[Asked, Target], tuple[Draft, tuple[str, ...]]]
    read_answer: Callable[[bytes, Asked], Answer]


@dataclass(frozen=True, slots=True)
class OperationVerbatim:
    """The short way between a client and a provider of the same format.

    Attributes:
        find_path: upstream model id and request -> what follows the base URL.
        rewrite_request: the client's bytes with the provider's model spliced in.
        read_usage: the body of an answer with status 200 -> usage, or `None`; raises `UpstreamFailure` when it is none.
    """

    find_path: Callable[[str, ChatRequest], str]
    rewrite_request: Callable[[ChatRequest, Target], Encoded]
    read_usage: Callable[[bytes], Usage | None]


@dataclass(frozen=True, slots=True)
class OperationFormat(Generic[Asked, Answer]):
    """One operation in one wire format.

    Attributes:
        client: what its clients send and get, or `None` where there is nobody to translate for.
        provider: what its providers are sent and send, or `None` where it has none.
        verbatim: the short way between the two, or `None`.
    """

    client: OperationClient[Asked, Answer] | None = None
    provider: OperationProvider[Asked, Answer] | None = None
    verbatim: OperationVerbatim | None = None
