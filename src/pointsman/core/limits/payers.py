"""Who makes a request, and so whose money and whose limits it counts for."""

from collections.abc import Collection

import msgspec


class Payer(msgspec.Struct, frozen=True):
    """Who makes a request, and so whose money it is; `""` and `None` name nobody.

    Attributes:
        agent, interaction, task, team, user, session: by name.
        key_id: of the virtual key.
        tags: of the request, its key and its agent.
        model: the model that is asked for by name, if one is: then the request goes nowhere else.
    """

    agent: str | None = None
    interaction: str | None = None
    task: str | None = None
    team: str | None = None
    user: str | None = None
    key_id: str | None = None
    tags: Collection[str] = ()
    model: str | None = None
    session: str | None = None


NOBODY = Payer()
