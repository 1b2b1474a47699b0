"""Google's Gemini API, put together."""

from pointsman.core.dialects.dialect import ClientSide, Dialect, ProviderSide, Verbatim
from pointsman.core.dialects.gemini.decode_request import decode_request
from pointsman.core.dialects.gemini.decode_response import decode_response
from pointsman.core.dialects.gemini.encode_request import encode_request
from pointsman.core.dialects.gemini.errors import classify_status, encode_error, encode_stream_error
from pointsman.core.dialects.gemini.models import find_next_models, read_models
from pointsman.core.dialects.gemini.names import GEMINI as NAME
from pointsman.core.dialects.gemini.paths import MODELS_PATH, find_path
from pointsman.core.dialects.gemini.read_answer import read_answer
from pointsman.core.dialects.gemini.read_events import EventReader
from pointsman.core.dialects.gemini.read_request import read_request
from pointsman.core.dialects.gemini.read_response import read_response
from pointsman.core.dialects.gemini.rewrite_request import rewrite_request
from pointsman.core.dialects.gemini.stream import StreamReader
from pointsman.core.dialects.gemini.write_events import EventWriter
from pointsman.core.dialects.gemini.write_response import write_response

GEMINI = Dialect(
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
        find_path=find_path,
        encode_request=encode_request,
        read_response=read_response,
        read_stream=EventReader,
        classify_status=classify_status,
        models_path=MODELS_PATH,
        read_models=read_models,
        find_next_models=find_next_models,
    ),
    verbatim=Verbatim(
        rewrite_request=rewrite_request,
        decode_response=decode_response,
        read_stream=StreamReader,
    ),
)
