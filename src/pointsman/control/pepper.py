"""Where the pepper lies: in the home directory, or where `POINTSMAN_PEPPER_FILE` says, for replicas that share keys."""

from collections.abc import Mapping
from pathlib import Path

from pointsman.control.keys import UnusablePepper, load_or_create_pepper

VARIABLE = "POINTSMAN_PEPPER_FILE"
FILE_NAME = "pepper"


def find_pepper(home: Path, environ: Mapping[str, str]) -> Path:
    """The file with the 32 bytes that all digests of keys depend on."""
    named = environ.get(VARIABLE)
    return Path(named) if named else home / FILE_NAME


def load_pepper(home: Path, environ: Mapping[str, str]) -> bytes:
    """Read the pepper; only one in the home directory is made when there is none.

    Raises:
        UnusablePepper: when the file that is named is not there or cannot be read, when others may read or change it,
            or when it does not hold 32 bytes.
        OSError: when the one in the home directory cannot be read or made.
    """
    place = find_pepper(home, environ)
    if not environ.get(VARIABLE):
        return load_or_create_pepper(place)
    if not place.is_file():
        # One made here would shut out the keys of all other replicas.
        raise UnusablePepper(f'{VARIABLE} names "{place}", which is not there: make it with openssl rand 32, mode 0600')
    try:
        return load_or_create_pepper(place)
    except OSError as error:
        raise UnusablePepper(f'{VARIABLE} cannot be read: {error.strerror} ("{place}")') from None
