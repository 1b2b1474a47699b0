"""`ENABLE_TOKEN_TRACKING=false`: this program counts no calls; limits and a gateway's ledger go on."""

import logging
import os

VARIABLE = "ENABLE_TOKEN_TRACKING"

_ON = frozenset(("", "1", "true", "yes", "on"))
_OFF = frozenset(("0", "false", "no", "off"))
_MOST_SHOWN = 32

_log = logging.getLogger(__name__)


class TrackingSwitch:
    """Whether calls are counted; looked up anew for each call, so that a program may turn it at any time."""

    def __init__(self) -> None:
        self._has_warned = False

    @property
    def is_on(self) -> bool:
        """A word that is neither is told of once, and calls are counted: numbers are not to vanish by a slip."""
        word = os.environ.get(VARIABLE, "").strip().lower()
        if word in _ON:
            return True
        if word in _OFF:
            return False
        if not self._has_warned:
            self._has_warned = True
            _log.warning("%s is %r, so calls are counted; write true or false", VARIABLE, word[:_MOST_SHOWN])
        return True


tracking = TrackingSwitch()
"""Of this process."""
