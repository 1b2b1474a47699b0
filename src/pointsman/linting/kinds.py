"""Which reader a file gets, by its name alone, and why some files get none."""

import re
from enum import StrEnum
from pathlib import PurePosixPath

from pointsman.linting.languages import LANGUAGES
from pointsman.linting.words import list_words


class Kind(StrEnum):
    """How a file is read."""

    python = "python"
    code = "code"
    yaml = "yaml"
    json = "json"
    notebook = "notebook"
    assignments = "assignments"
    prose = "prose"


class LeftOut(StrEnum):
    """Why a file is not looked into, as it is said."""

    test = "tests"
    prose = "prose"
    other = "of other kinds"
    generated = "generated"
    data = "data"
    own = "Pointsman's own documents"
    large = "too large"
    binary = "binary"
    encoding = "not UTF-8"
    syntax = "not readable as what they are"
    link = "links"
    unreadable = "unreadable"
    beyond = "beyond the most files"


SKIPPED_FOLDERS = frozenset(
    list_words(
        ".git .hg .svn .bzr .tox .nox .venv venv virtualenv node_modules bower_components jspm_packages "
        "site-packages dist build target vendor third_party __pycache__ .mypy_cache .ruff_cache .pytest_cache "
        ".hypothesis .cache .next .nuxt .output .svelte-kit .gradle .terraform .idea .eggs htmlcov coverage"
    )
)
"""Folders of what others wrote or tools made."""

_TEST_FOLDERS = frozenset(
    list_words(
        "test tests testing __tests__ __mocks__ __snapshots__ __fixtures__ fixture fixtures testdata test_data "
        "mocks spec specs cassettes e2e androidTest"
    )
)
_TEST_FILE = re.compile(
    r"test_.*\.py|.*_tests?\.(?:py|go|rb|rs|exs?)|conftest\.py|tests?\.(?:py|rs)|.*[._-](?:test|spec|e2e|stories|mock|cy)\.[cm]?[jt]sx?"
    r"|.*_spec\.rb|.*Tests?\.(?:java|kt|cs|php|swift)|.*IT\.java|.*\.test-d\.ts"
)
_PROSE = re.compile(r".*\.(?:md|mdx|markdown|rst|txt|adoc|asciidoc|org|tex|po|pot)", re.IGNORECASE)
_CHANGES = re.compile(r"(?:change(?:log|s)|history|news|release(?:s|[-_]?notes)?)(?:[._-].*)?", re.IGNORECASE)
_GENERATED = re.compile(
    r".*\.min\.[cm]?js|.*[.-]bundle\.[cm]?js|.*\.map|.*_pb2(?:_grpc)?\.pyi?|.*\.pb\.go|.*\.g\.(?:cs|dart)|.*\.lock|.*-lock\.(?:json|ya?ml)"
    r"|go\.sum|npm-shrinkwrap\.json|bun\.lockb"
)
_NOT_SETTINGS = re.compile(
    r"(?:package|composer|tsconfig.*|jsconfig.*|manifest|angular|lerna|openapi|swagger|renovate)\.json|.*\.schema\.json|.*\.ipynb_checkpoints"
)
_RESULT = re.compile(
    r"(?:.*[_-])?(?:results?|outputs?|logs?|data|dataset|datasets|runs|reports?|recordings?|samples|evals?|benchmarks?|i18n|locales?)"
    r"|.*20\d\d-?\d\d-?\d\d.*",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(r"\.env(?:\..+)?|.+\.env(?:\..+)?|\.envrc|\.flaskenv")
_ASSIGNMENTS = re.compile(
    r"(?:Docker|Container)file(?:\..+)?|.+\.(?:dockerfile|sh|bash|zsh|toml|ini|cfg|conf|properties)", re.IGNORECASE
)
_BY_SUFFIX = {
    ".py": Kind.python,
    ".pyw": Kind.python,
    ".yaml": Kind.yaml,
    ".yml": Kind.yaml,
    ".json": Kind.json,
    ".jsonc": Kind.json,
    ".json5": Kind.json,
    ".ipynb": Kind.notebook,
    **dict.fromkeys(LANGUAGES, Kind.code),
}


def is_environment_file(name: str) -> bool:
    """Whether a file of this name holds environment variables: `.env`, `prod.env`, `.env.example`."""
    return _ENVIRONMENT.fullmatch(name) is not None


def is_test(path: PurePosixPath) -> bool:
    """Whether a path, from where the project begins, belongs to tests."""
    return not _TEST_FOLDERS.isdisjoint(path.parts[:-1]) or _TEST_FILE.fullmatch(path.name) is not None


def _holds_results(path: PurePosixPath) -> bool:
    """Whether a JSON file is by its name, or its folder's, what came out of something rather than a setting of it."""
    return any(_RESULT.fullmatch(part) for part in (*path.parts[:-1], path.stem))


def choose_kind(path: PurePosixPath, include_tests: bool, include_prose: bool) -> Kind | LeftOut:
    """How to read a file, or why not; `path` is taken from where the project begins."""
    name, suffix = path.name, path.suffix.lower()
    if _GENERATED.fullmatch(name):
        return LeftOut.generated
    if is_test(path) and not include_tests:
        return LeftOut.test
    if _CHANGES.fullmatch(path.stem) and suffix not in (".py", *LANGUAGES):
        return Kind.prose if include_prose else LeftOut.prose
    if is_environment_file(name):
        return Kind.assignments
    if suffix in _BY_SUFFIX:
        is_data = _BY_SUFFIX[suffix] is Kind.json and (_NOT_SETTINGS.fullmatch(name) or _holds_results(path))
        return LeftOut.data if is_data else _BY_SUFFIX[suffix]
    if _PROSE.fullmatch(name):
        return Kind.prose if include_prose else LeftOut.prose
    return Kind.assignments if _ASSIGNMENTS.fullmatch(name) else LeftOut.other
