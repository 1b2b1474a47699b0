"""Quirks change what is sent, and nothing that the next model would be asked with."""

from pointsman.core.catalog.quirk import Quirk
from pointsman.core.dialects.quirks import apply_edits, plan_edits


def test_objects_of_the_client_stay_as_they_came() -> None:
    theirs: dict[str, object] = {"type": "enabled", "budget_tokens": 2048}
    fields: dict[str, object] = {"model": "m", "thinking": theirs}
    apply_edits(plan_edits([Quirk(name="q", drop=("thinking.budget_tokens",))], fields), fields)
    assert fields == {"model": "m", "thinking": {"type": "enabled"}}
    assert theirs == {"type": "enabled", "budget_tokens": 2048}


def test_an_object_goes_with_its_last_member() -> None:
    fields: dict[str, object] = {"model": "m", "thinking": {"type": "enabled"}}
    apply_edits(plan_edits([Quirk(name="q", drop=("thinking.type",))], fields), fields)
    assert fields == {"model": "m"}
