"""Finds model names in YAML, from the parser's events; a template that is not quite YAML is read line by line."""

import re

import yaml

from pointsman.linting.findings import IN_MANIFEST, Find
from pointsman.linting.names import ModelNames, mentions_model
from pointsman.linting.settings_tree import SettingsTree, find_in_tree, read_setting

_Loader: type[yaml.CLoader | yaml.Loader] = getattr(yaml, "CLoader", yaml.Loader)
_LINE = re.compile(r"[ \t]*(?:- )?[ \t]*([\w.-]+)[ \t]*:[ \t]+([\"']?)([^\s\"'#]+)\2[ \t]*(?:#.*)?")


def find_in_yaml(text: str, names: ModelNames) -> list[Find] | None:
    """The names in a text of any number of documents, `None` when it is one of Pointsman's own.

    Raises:
        TooDeep: when it is nested deeper than any settings are.
    """
    tree = SettingsTree()
    try:
        for event in yaml.parse(text, Loader=_Loader):
            _tell(tree, event)
    except (yaml.YAMLError, ValueError):
        return _find_in_lines(text, names)
    return None if tree.is_own_document else list(find_in_tree(tree, names))


def _tell(tree: SettingsTree, event: yaml.Event) -> None:
    if isinstance(event, yaml.ScalarEvent):
        mark = event.start_mark
        assert mark is not None, "the parser marks every event"
        tree.add(event.value, mark.line + 1, mark.column + 1)
    elif isinstance(event, yaml.AliasEvent):
        tree.add("", 1, 1)
    elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
        tree.open(isinstance(event, yaml.MappingStartEvent))
    elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        tree.close()


def _find_in_lines(text: str, names: ModelNames) -> list[Find]:
    finds: list[Find] = []
    for number, line in enumerate(text.split("\n"), start=1):
        written = _LINE.fullmatch(line.rstrip("\r"))
        for key, value in read_setting(written[1], written[3]) if written else ():
            known = names.read(value)
            if written and known and known.is_distinctive and mentions_model(key):
                finds.append(Find(number, written.start(3) + 1, IN_MANIFEST, value))
    return finds
