"""OpenAI's chat completions, put together."""

from pointsman.core.dialects.dialect import ClientSide, Dialect, ProviderSide, Verbatim
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.dialects.openai_chat.decode_response import decode_response
from pointsman.core.dialects.openai_chat.encode_request import encode_request
from pointsman.core.dialects.openai_chat.errors import classify_status, encode_error, encode_stream_error
from pointsman.core.dialects.openai_chat.models import read_models
from pointsman.core.dialects.openai_chat.read_answer import read_answer
from pointsman.core.dialects.openai_chat.read_events import EventReader
from pointsman.core.dialects.openai_chat.read_request import read_request
from pointsman.core.dialects.openai_chat.read_response import read_response
from pointsman.core.dialects.openai_chat.rewrite_request import rewrite_request
from pointsman.core.dialects.openai_chat.stream import StreamReader
from pointsman.core.dialects.openai_chat.write_events import EventWriter
from pointsman.core.dialects.openai_chat.write_response import asks_for_function_call, write_response


def _find_path(model: str, stream: bool) -> str:
    return "/chat/completions"


OPENAI_CHAT = Dialect(
    name="openai_chat",
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
        models_path="/models",
        read_models=read_models,
    ),
    verbatim=Verbatim(
        rewrite_request=rewrite_request,
        decode_response=decode_response,
        read_stream=StreamReader,
        suits_hub=lambda asking: not asks_for_function_call(asking),
    ),
)
