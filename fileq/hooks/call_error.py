"""The error of a call that went wrong."""


class CallError(Exception):
    """A hook could not be called. The reason holds no secret. `is_final`: the receiver wants it no more."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final
