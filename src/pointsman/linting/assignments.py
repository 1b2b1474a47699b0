"""Finds model names in files of assignments, line by line: environment files, Dockerfiles, scripts, TOML, INI."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from pointsman.linting.findings import IN_ENVIRONMENT_FILE, IN_MANIFEST, Find
from pointsman.linting.kinds import is_environment_file
from pointsman.linting.names import ModelNames, mentions_model, names_model
from pointsman.linting.settings_tree import read_setting

LONGEST_LINE = 10_000

_QUOTED = r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
_SHELL = re.compile(rf"(?:^|(?<=[\s;]))(?P<key>[A-Za-z_]\w*)=(?:{_QUOTED}|(?P<bare>[^\s\"';&|)]+))")
_DOCKER = re.compile(rf"(?:^\s*(?:ENV|ARG)\s+|(?<=\s))(?P<key>[A-Za-z_]\w*)[=\s]\s*(?:{_QUOTED}|(?P<bare>[^\s\"']+))")
_SETTING = re.compile(rf"^\s*(?P<key>[\w.\"-]+)\s*[=:]\s*(?:{_QUOTED}|(?P<bare>[^\s\"'#;]+))\s*(?:[#;].*)?$")
_ENVIRONMENT = re.compile(
    rf"^\s*(?:export\s+)?(?P<key>[A-Za-z_][\w.]*)\s*=\s*(?:{_QUOTED}|(?P<bare>[^\s\"'#]+))\s*(?:\s#.*)?$"
)


def find_in_assignments(text: str, path: PurePosixPath, names: ModelNames) -> Iterator[Find]:
    """The names in a text; in an environment file under any key, elsewhere under one that speaks of a model."""
    is_environment = is_environment_file(path.name)
    form, code = _choose_form(path)
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST_LINE or line.lstrip()[:1] in ("#", ";", ""):
            continue
        for written in form.finditer(line.rstrip("\r")):
            group = next(name for name in ("double", "single", "bare") if written[name] is not None)
            for key, value in read_setting(written["key"].strip('"'), written[group]):
                known = names.read(value)
                expected = is_environment or mentions_model(key)
                if known and (names_model(key) or (known.is_distinctive and expected)):
                    yield Find(number, written.start(group) + 1, code, value)


def _choose_form(path: PurePosixPath) -> tuple[re.Pattern[str], str]:
    if is_environment_file(path.name):
        return _ENVIRONMENT, IN_ENVIRONMENT_FILE
    if path.suffix.lower() in (".sh", ".bash", ".zsh"):
        return _SHELL, IN_ENVIRONMENT_FILE
    if path.suffix.lower() in (".toml", ".ini", ".cfg", ".conf", ".properties"):
        return _SETTING, IN_MANIFEST
    return _DOCKER, IN_ENVIRONMENT_FILE
