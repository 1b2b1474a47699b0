"""Words that tell what becomes of a text that is handed over: compared, shown, looked up, or used as a model.

One table for all languages, so that a name in `x.startswith("gpt-4")` is judged alike wherever it stands.
"""

from pointsman.linting.words import list_words

MATCHING = frozenset(
    list_words(
        "startswith endswith removeprefix removesuffix split rsplit partition rpartition replace index rindex find "
        "rfind count strip lstrip rstrip join compile match fullmatch search sub findall finditer isinstance "
        "fnmatch startsWith endsWith includes indexOf lastIndexOf replaceAll localeCompare test HasPrefix "
        "HasSuffix Contains EqualFold Index TrimPrefix TrimSuffix StartsWith EndsWith Equals IndexOf Replace "
        "equals equalsIgnoreCase contains compareTo matches start_with end_with include eql starts_with ends_with "
        "strpos str_contains str_starts_with str_ends_with in_array strcmp eq has"
    )
)
"""What compares or takes apart: the name chooses nothing."""

SAYING = frozenset(
    list_words(
        "debug info warning warn error exception critical fatal trace log print println printf fprintf sprintf "
        "print_r echo puts pp dbg Debug Info Warn Error Printf Println Print Fatalf Errorf WriteLine Log "
        "LogInformation eprintln format panic"
    )
)
"""What shows a text to somebody."""

LOOKING_UP = frozenset(
    {"get", "getenv", "setdefault", "pop", "getattr", "config", "env", "fetch", "GetEnv", "getOrDefault"}
)
"""`NAME("MODEL", "gpt-4o")`: the last argument is used where the first one leads nowhere."""

SHOWN_KEYS = frozenset(
    list_words(
        "help description title label summary doc docs note notes message placeholder example examples "
        "display_name displayname caption reasoning because tooltip text content prompt prog metavar epilog "
        "changelog href url src alt classname testid"
    )
)
"""Keys, in small letters, under which a text is for people."""


def is_shown_key(key: str | None) -> bool:
    """Whether what stands under a key is for people to read."""
    return key is not None and key.lower() in SHOWN_KEYS
