"""Cohere's chat API v2, put together. Its list of models stands under another version's address, so there is none."""

from pointsman.core.dialects.cohere.decode_request import decode_request
from pointsman.core.dialects.cohere.decode_response import decode_response
from pointsman.core.dialects.cohere.encode_request import encode_request
from pointsman.core.dialects.cohere.errors import classify_status, encode_error, encode_stream_error
from pointsman.core.dialects.cohere.read_answer import read_answer
from pointsman.core.dialects.cohere.read_events import EventReader
from pointsman.core.dialects.cohere.read_request import read_request
from pointsman.core.dialects.cohere.read_response import read_response
from pointsman.core.dialects.cohere.rewrite_request import rewrite_request
from pointsman.core.dialects.cohere.stream import StreamReader
from pointsman.core.dialects.cohere.words import NAME
from pointsman.core.dialects.cohere.write_events import EventWriter
from pointsman.core.dialects.cohere.write_response import write_response
from pointsman.core.dialects.dialect import ClientSide, Dialect, ProviderSide, Verbatim


def _find_path(model: str, stream: bool) -> str:
    return "/chat"


COHERE = Dialect(
    name=NAME,
    client=ClientSide(
        decode_request=decode_request,
        read_request=read_request,
        write_response=write_response,
        write_stream=EventWriter,
        encode_error=encode_error,
        encode_stream_error=encode_stream_error,
        read_answer=read_answer,
    ),
    provider=ProviderSide(
        find_path=_find_path,
        encode_request=encode_request,
        read_response=read_response,
        read_stream=EventReader,
        classify_status=classify_status,
    ),
    verbatim=Verbatim(
        rewrite_request=rewrite_request,
        decode_response=decode_response,
        read_stream=StreamReader,
    ),
)
