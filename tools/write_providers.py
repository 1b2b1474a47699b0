"""Writes docs/providers.md from the catalogue's provider files; `--check` says whether the page is fresh."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from pointsman.control.configuration import load_catalog
from pointsman.core.catalog.catalog import KnownProvider
from pointsman.core.catalog.long_tail import LONG_TAIL as LONG_TAIL_FACTS
from pointsman.core.catalog.long_tail import PREFIX
from pointsman.core.catalog.quirk import Quirk

PAGE = Path(__file__).parents[1] / "docs" / "providers.md"

INTRODUCTION = """\
# Providers

Written by `python tools/write_providers.py` from the files in `core/catalog/providers/`; a test keeps it fresh.

A provider of this list needs no more than its name, `providers: {openai: {}}`, and its key in a variable; of several
variables the first that is set counts. Where the base URL has words in capitals, each customer has one of their own:
write it as `base_url`, or set the variable that moves it. Any other server is a provider too: write its `base_url`, its
`dialect` unless that is `openai_chat`, and where its key is. [configuration.md](configuration.md) says what is allowed.
"""

DIALECTS = """\
## Dialects

The wire format that a provider speaks; `dialect` says another one than the list does, and `auth` another way for the
key. Without either, the key travels as is usual in the format.

| `dialect` | what it is | key by default | chats go to |
|---|---|---|---|
| `openai_chat` | OpenAI's chat completions, and whoever speaks them | `bearer` | `BASE_URL/chat/completions` |
| `openai_responses` | OpenAI's Responses | `bearer` | `BASE_URL/responses` |
| `anthropic_messages` | Anthropic's Messages, `anthropic-version: 2023-06-01` | `x-api-key` | `BASE_URL/messages` |
| `gemini` | Gemini's generateContent, on Vertex AI too | `x-goog-api-key` | `BASE_URL/models/MODEL:generateContent` |
| `cohere` | Cohere's v2 API | `bearer` | `BASE_URL/chat` |
| `bedrock_converse` | Bedrock's Converse | `aws_sigv4` | `BASE_URL/model/MODEL/converse` |
"""

KEYS = """\
## How keys travel

| `auth` | what is sent |
|---|---|
| `bearer` | `authorization: Bearer KEY` |
| `x-api-key` | `x-api-key: KEY` |
| `x-goog-api-key` | `x-goog-api-key: KEY` |
| `api-key` | `api-key: KEY` |
| `aws_sigv4` | a signature of the request (AWS Signature Version 4); a Bedrock API key is sent as `bearer` |
| `google_oauth` | an access token, got for the key at its own token endpoint |
| `none` | nothing |

For `aws_sigv4` the key is either a Bedrock API key (`AWS_BEARER_TOKEN_BEDROCK`) or one text of the form
`ACCESS_KEY_ID:SECRET_ACCESS_KEY`, with `:SESSION_TOKEN` behind it for temporary keys. Where `AWS_ACCESS_KEY_ID` is the
variable, `AWS_SECRET_ACCESS_KEY` and, if it is set, `AWS_SESSION_TOKEN` are read with it; a file, or a variable of your
own, holds the whole text. The region is the one that the base URL's host names, `us-east-1` where it names none. The
secret key signs and is never sent.

For `google_oauth` the key is the JSON file of a service account, `api_key: {file: /run/secrets/account.json}`, or where
`GOOGLE_APPLICATION_CREDENTIALS` points. It is traded at its `token_uri` for an access token of an hour, which is kept
in memory and renewed in the background five minutes before it ends. The token endpoint must be where the provider may
be: on https, and never at a private address, unless the provider is local. Any other text is taken for an access token.

A key that has a line break or anything but plain ASCII, and a service account anywhere else, is never sent
(`upstream_credential_missing`).
"""

LONG_TAIL = """\
## Everything else: litellm

A provider called `litellm/NAME` is reached through the library [LiteLLM](https://docs.litellm.ai/docs/providers),
inside the gateway; `NAME` is what LiteLLM calls it. It takes an extra, `pip install 'pointsman[litellm]'`, and a key:

```yaml
providers:
  litellm/replicate: {api_key: {env: POINTSMAN_REPLICATE_KEY}}
models:
  llama: {provider: litellm/replicate, model_id: meta/meta-llama-3-70b-instruct}
```

Clients of every dialect reach it, for chats only. What holds otherwise than for the providers above:

- **Without the extra** the configuration loads with a warning (`extra_missing`), and calls fail with
  `upstream_not_installed`. LiteLLM is imported at the first call, which takes seconds and some 150 MB.
- **Key**: only what `api_key` names is sent; without it nothing is, unless `auth: none` or a local `base_url` says
  that none is needed. Variables such as `OPENAI_API_KEY` and files such as `.env` are not looked at. Names that
  LiteLLM takes credentials of the machine for, `bedrock` and `vertex_ai` among them, are refused.
- **Where calls go**: with `base_url`, to its host and port and nowhere else, be it for a redirect, and it is judged
  like any other. Without one, it is a cloud provider, and LiteLLM connects to whatever public address it likes, by
  variables of its own (`..._API_BASE`, `HTTPS_PROXY`) too, and follows redirects; it never reaches a loopback or
  private address. This guard sees every connection that LiteLLM opens on its event loop. What a provider's module
  opens in a thread, past the loop, we cannot guard: there, only the network around the gateway helps.
- **Privacy** holds as for any cloud provider: labels, `data_policy` and `location` decide who may go there, before
  LiteLLM sees anything. It calls home nowhere: telemetry, callbacks, its log and downloads are off.
- **What can be said**: OpenAI's parameters, tools that are functions, and media as data in the request, never by an
  address, which LiteLLM would fetch. `metadata` and the like are left out (quirk `litellm-bookkeeping`). What the
  provider does not support is refused with its name (`loss_refused`); a quirk of your own may drop it.
- **Time**: retries are ours alone. A plain answer must come within `connect` and `first_byte`, so raise
  `timeouts.first_byte` where models start slowly. Cancelled calls end at the provider, unless its module does not
  listen.
- **Usage** is what the provider reported. For plain answers of a few providers that report none, LiteLLM counts by
  itself, and that cannot be told apart. Prices are yours to write.
"""

QUIRKS = """\
## Quirks

What a provider, or a model of it, wants said otherwise than its dialect has it. What is changed in a request stands in
`x-pointsman-changes`; what is only passed over by a provider is left as it is. The rules hold wherever the base URL of
the provider points, for another name at the same base URL, and for the dialects that they name, else for the first one
in the list above.

Your own stand under `providers.NAME.quirks`, with the same fields; they come after these, and one of the same name
takes the place of the other:

```yaml
providers:
  openai:
    quirks:
      - {name: reasoning-sampling}                    # does nothing any more
      - {name: short, models: ["gpt-5*"], most: {max_completion_tokens: 4000}, add: {service_tier: flex}}
```

A member of a member is written with a dot. The steps of a rule go in the order of its fields: `rename`, `replace`,
`drop`, `drop_unless`, `only_one`, `least`, `most`, `add`.
"""


def write_providers() -> str:
    """The whole page."""
    providers = load_catalog().providers
    return "\n".join(
        [
            INTRODUCTION,
            *write_table(providers),
            *write_notes(providers),
            DIALECTS,
            KEYS,
            LONG_TAIL,
            QUIRKS,
            *write_quirks({**providers, f"{PREFIX}...": LONG_TAIL_FACTS}),
        ]
    )


def write_table(providers: Mapping[str, KnownProvider]) -> Iterator[str]:
    """One line for each provider."""
    yield "| name | dialect | base URL | key | `auth` | what it can be asked for |"
    yield "|---|---|---|---|---|---|"
    for name, known in providers.items():
        cells = (
            f"`{name}`",
            " or ".join(f"`{dialect}`" for dialect in (known.dialect, *known.also_speaks)),
            _join([known.usual_base_url])
            + (f"; {_join(known.base_url_variables)}" if known.base_url_variables else ""),
            _join(known.key_variables),
            f"`{known.auth}`" if known.key_variables else "",
            ", ".join(known.operations),
        )
        yield "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
    yield ""


def write_notes(providers: Mapping[str, KnownProvider]) -> Iterator[str]:
    """What there is to know beside the table."""
    for name, known in providers.items():
        if known.note:
            yield f"- `{name}`: {known.note}"
    yield ""


def write_quirks(providers: Mapping[str, KnownProvider]) -> Iterator[str]:
    """One line for each rule."""
    yield "| provider | name | models | what it does |"
    yield "|---|---|---|---|"
    for name, known in providers.items():
        for quirk in known.quirks:
            yield f"| `{name}` | `{quirk.name}` | {_join(quirk.models)} | {'; '.join(describe_quirk(quirk))} |"
    yield ""


def describe_quirk(quirk: Quirk) -> Iterator[str]:
    """The steps of a rule in words."""
    if quirk.dialects:
        yield f"for {_join(quirk.dialects)}"
    for member, values in quirk.unless.items():
        yield f"not with `{member}` {_list(values)}"
    for old, new in quirk.rename.items():
        yield f"`{old}` is called `{new}`"
    for member, others in quirk.replace.items():
        yield ", ".join(f"`{member}: {old}` becomes `{new}`" for old, new in others.items())
    if quirk.drop:
        yield f"without {_join(quirk.drop)}"
    for member, values in quirk.drop_unless.items():
        yield f"`{member}` only as {_list(values)}"
    for names in quirk.only_one:
        yield f"only the first of {_join(names)}"
    for member, least in quirk.least.items():
        yield f"`{member}` is {least} at least"
    for member, most in quirk.most.items():
        yield f"`{member}` is {most} at most"
    for member, value in quirk.add.items():
        yield f"`{member}` is {_list([value])} where nothing is said"


def _join(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _list(values: Sequence[object]) -> str:
    return " or ".join(f"`{msgspec.json.encode(value).decode()}`" for value in values)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = write_providers()
    if "--check" in arguments:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            sys.stderr.write(f"{PAGE.name} is not fresh. Next: python tools/write_providers.py\n")
        return 0 if fresh else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
