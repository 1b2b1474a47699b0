"""Whether a byte of an upstream call may have gone out: until then, giving it up costs nothing."""


class Sending:
    """One upstream call on its way out.

    Attributes:
        has_begun: whether its provider may have seen anything of it.
    """

    __slots__ = ("has_begun",)

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """The first byte goes out."""
        self.has_begun = True
