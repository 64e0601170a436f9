"""What can't be carried over."""


class NotCarriedError(Exception):
    """A construct that the engine has no faithful words for; the message names it and says why. Never seen outside of `translating`."""
