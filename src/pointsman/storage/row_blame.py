"""Whether an error is the fault of a value in a batch and would come again; all others may pass: the batch waits."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError

from pointsman.storage.postgres_faults import find_code

_OF_PYTHON = (AttributeError, OverflowError, TypeError, ValueError)
_OF_SQLITE = (DataError, IntegrityError, InterfaceError, ProgrammingError)

_CLASSES_OF_VALUES = ("22", "23", "54")
"""Values out of range or not to be encoded, broken constraints, and what is too large for an index."""


def blames_a_row(error: Exception, dialect: str) -> bool:
    """Whether some row of the batch can never be written."""
    if isinstance(error, DBAPIError) and dialect == "postgresql":
        code = find_code(error)
        # Without a code it is the driver that cannot encode a value: its own error is a `ValueError` too.
        cause = getattr(error.orig, "__cause__", None)
        return code[:2] in _CLASSES_OF_VALUES if code else isinstance(cause, ValueError)
    return isinstance(error, _OF_PYTHON + _OF_SQLITE)
