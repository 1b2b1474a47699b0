"""OpenAI's chat completions, put together."""

from pointsman.core.dialects.dialect import Dialect
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.dialects.openai_chat.decode_response import decode_response
from pointsman.core.dialects.openai_chat.encode_request import encode_request
from pointsman.core.dialects.openai_chat.errors import classify_status, encode_error, encode_stream_error
from pointsman.core.dialects.openai_chat.read_answer import read_answer
from pointsman.core.dialects.openai_chat.stream import StreamReader
from pointsman.core.dialects.openai_chat.write_verification import write_verification

OPENAI_CHAT = Dialect(
    path="/chat/completions",
    decode_request=decode_request,
    encode_request=encode_request,
    decode_response=decode_response,
    read_stream=StreamReader,
    classify_status=classify_status,
    encode_error=encode_error,
    encode_stream_error=encode_stream_error,
    read_answer=read_answer,
    write_verification=write_verification,
)
