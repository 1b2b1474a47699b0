"""Amazon Bedrock's Converse API, put together; only providers speak it. Models are listed by another service of AWS."""

from urllib.parse import quote

from pointsman.core.dialects.bedrock_converse.encode_request import encode_request
from pointsman.core.dialects.bedrock_converse.errors import classify_status
from pointsman.core.dialects.bedrock_converse.read_events import EventReader
from pointsman.core.dialects.bedrock_converse.read_response import read_response
from pointsman.core.dialects.bedrock_converse.words import NAME
from pointsman.core.dialects.dialect import Dialect, ProviderSide


def _find_path(model: str, stream: bool) -> str:
    """An id may be an ARN, whose slashes and colons belong to it and not to the path."""
    return f"/model/{quote(model, safe='')}/{'converse-stream' if stream else 'converse'}"


BEDROCK_CONVERSE = Dialect(
    name=NAME,
    provider=ProviderSide(
        find_path=_find_path,
        encode_request=encode_request,
        read_response=read_response,
        read_stream=EventReader,
        classify_status=classify_status,
    ),
)
