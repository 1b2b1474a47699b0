"""The names of keys: all share a hash tag, so that a cluster keeps them together, and all but one name a generation."""

from dataclasses import dataclass
from typing import cast

from pointsman.core.limits.parts import WindowId
from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.limits.windows import WindowKind
from pointsman.core.money_ports import AccountId, Unit

TAG = "{pointsman}"
STATE = f"{TAG}:state"


@dataclass(frozen=True, slots=True)
class Keys:
    """Those of one generation: what was there before the server was replaced is never read again, and expires.

    Attributes:
        generation: its name.
    """

    generation: str

    @property
    def leases(self) -> str:
        """When the lease of each replica ends."""
        return f"{TAG}:{self.generation}:leases"

    @property
    def reports(self) -> str:
        """The replicas that have said what they hold."""
        return f"{TAG}:{self.generation}:reports"

    @property
    def all_places(self) -> str:
        """What the keys of places begin with."""
        return f"{TAG}:{self.generation}:calls:"

    def parts(self, node: str) -> str:
        """What a replica holds."""
        return f"{TAG}:{self.generation}:parts:{node}"

    def place_names(self, node: str) -> str:
        """The limits of calls at the same time in which a replica may hold places."""
        return f"{TAG}:{self.generation}:places:{node}"

    def windows(self, account: AccountId) -> str:
        """The windows of an account."""
        return f"{TAG}:{self.generation}:windows:{write_account(account)}"

    def rate(self, name: str, unit: Unit) -> str:
        """A rate, or the places of calls at the same time."""
        return f"{TAG}:{self.generation}:{unit}:{name}"


def write_account(account: AccountId) -> str:
    """An account as text."""
    scope, name, kind, zone = account
    return f"{scope}|{kind}|{zone}|{name}"


def write_window(window: WindowId) -> str:
    """A window as the field of a replica's parts."""
    return f"{window[1]}|{write_account(window[0])}"


def read_window(field: str) -> WindowId:
    """What `write_window` wrote."""
    start_ms, scope, kind, zone, name = field.split("|", 4)
    return (cast(ScopeKind, scope), name, cast(WindowKind, kind), zone), int(start_ms)
