"""How far this process is: serving, or finishing its work before it ends."""

from dataclasses import dataclass


@dataclass(slots=True)
class State:
    """`draining`: what comes is still answered, but nothing new should be sent here."""

    draining: bool = False
