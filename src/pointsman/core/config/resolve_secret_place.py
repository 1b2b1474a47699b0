"""Where a secret stands that no provider's call needs: checked, and turned into the reference that reveals it later."""

from typing import Any

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.read_document import Written
from pointsman.core.config.resolve_provider import accept_variable
from pointsman.core.config.sections.providers import SecretReference


def resolve_secret_place(
    reference: SecretReference | None, written: Written[Any], key: str, missing: str, compilation: Compilation
) -> str | None:
    """The reference, or `None` where there is none or it cannot be used; what is wrong is noted.

    Args:
        reference: as the document has it.
        written: the section that it stands in.
        key: its key there.
        missing: what to warn of while a variable is not set; `{name}` stands for its name.
        compilation: notes the problems.
    """
    if reference is None:
        return None
    if reference.file is not None:
        return f"file:{reference.file}"
    if reference.env is None:
        kind = "secret" if reference.secret is not None else "aws"
        message = f"{{{kind}: ...}} cannot be read by this version yet; use {{env: NAME}} or {{file: PATH}}"
        compilation.findings.add(written.place_of(key, kind), "secret_store_missing", message)
        return None
    place = written.place_of(key, "env")
    if not accept_variable(reference.env, place, compilation):
        return None
    if reference.env not in compilation.surroundings.set_variables:
        message = missing.replace("{name}", reference.env)
        compilation.findings.add(place, "credential_missing", message, severity="warning")
    return f"env:{compilation.surroundings.catalog.read_variable(reference.env)}"
