"""What a provider, or a model of it, wants said otherwise than its wire format has it: one named rule, as data."""

from fnmatch import fnmatchcase

import msgspec

Number = int | float


class Quirk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One named rule over the members of a request's body as it is sent.

    A member of a member is written with a dot, `generationConfig.temperature`. The steps happen in the order in which
    they stand here. What a step does not apply to is left alone.

    Attributes:
        name: what it is called in the documentation, and what a rule of the same name in a document replaces.
        models: patterns of upstream model ids that it holds for, such as `o3*`; one that begins with `!` takes some of
            them out again. `*` by default.
        dialects: wire formats that it holds for; none: the one that the provider speaks by default.
        unless: member -> values with which the rule does not hold.
        rename: old name -> new name; where both are there, the new one stays and the old one goes.
        replace: member -> old value -> new value.
        drop: members that are left out.
        drop_unless: member -> values that it may have; any other value is left out with it.
        only_one: lists of members of which only the first that is said stays.
        least: member -> the smallest number that is accepted; a smaller one is raised.
        most: member -> the largest number that is accepted; a larger one is lowered.
        add: member -> value that is sent where nothing is said.
    """

    name: str
    models: tuple[str, ...] = ("*",)
    dialects: tuple[str, ...] = ()
    unless: dict[str, list[object]] = {}
    rename: dict[str, str] = {}
    replace: dict[str, dict[str, object]] = {}
    drop: tuple[str, ...] = ()
    drop_unless: dict[str, list[object]] = {}
    only_one: tuple[tuple[str, ...], ...] = ()
    least: dict[str, Number] = {}
    most: dict[str, Number] = {}
    add: dict[str, object] = {}

    def holds_for(self, model: str) -> bool:
        """Whether the rule is for an upstream model id; small and capital letters are the same."""
        name = model.lower()
        taken_out = (pattern[1:].lower() for pattern in self.models if pattern.startswith("!"))
        wanted = (pattern.lower() for pattern in self.models if not pattern.startswith("!"))
        return any(fnmatchcase(name, pattern) for pattern in wanted) and not any(
            fnmatchcase(name, pattern) for pattern in taken_out
        )

    def speaks_of(self, dialect: str, usual: str) -> bool:
        """Whether the rule is for requests in a wire format, where the provider's usual one is `usual`."""
        return dialect in (self.dialects or (usual,))
