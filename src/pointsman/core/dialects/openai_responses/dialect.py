"""OpenAI's Responses, put together."""

from pointsman.core.dialects.dialect import ClientSide, Dialect, ProviderSide, Verbatim
from pointsman.core.dialects.openai_responses.decode_request import decode_request
from pointsman.core.dialects.openai_responses.decode_response import decode_response
from pointsman.core.dialects.openai_responses.encode_request import encode_request
from pointsman.core.dialects.openai_responses.errors import classify_status, encode_error, encode_stream_error
from pointsman.core.dialects.openai_responses.models import read_models
from pointsman.core.dialects.openai_responses.read_answer import read_answer
from pointsman.core.dialects.openai_responses.read_events import EventReader
from pointsman.core.dialects.openai_responses.read_parts import NAME
from pointsman.core.dialects.openai_responses.read_request import read_request
from pointsman.core.dialects.openai_responses.read_response import read_response
from pointsman.core.dialects.openai_responses.rewrite_request import rewrite_request
from pointsman.core.dialects.openai_responses.state import refuse_state
from pointsman.core.dialects.openai_responses.stream import StreamReader
from pointsman.core.dialects.openai_responses.write_events import EventWriter
from pointsman.core.dialects.openai_responses.write_response import write_response


def _find_path(_model: str, _stream: bool) -> str:
    return "/responses"


OPENAI_RESPONSES = Dialect(
    name=NAME,
    client=ClientSide(
        decode_request=decode_request,
        read_request=read_request,
        write_response=write_response,
        write_stream=EventWriter,
        encode_error=encode_error,
        encode_stream_error=encode_stream_error,
        read_answer=read_answer,
        check_portable=refuse_state,
    ),
    provider=ProviderSide(
        find_path=_find_path,
        encode_request=encode_request,
        read_response=read_response,
        read_stream=EventReader,
        classify_status=classify_status,
        models_path="/models",
        read_models=read_models,
    ),
    verbatim=Verbatim(
        rewrite_request=rewrite_request,
        decode_response=decode_response,
        read_stream=StreamReader,
    ),
)
