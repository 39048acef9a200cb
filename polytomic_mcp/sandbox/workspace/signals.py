"""What the threads of one sandbox tell each other, and what only one of them may do at a time."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Signals:
    """``alarm``: what is due next may have changed. ``closing``: the sandbox ends.

    ``stepping`` is held by whoever starts what is due, ``sending`` by whoever sends events.
    """

    alarm: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    stepping: threading.Lock = field(default_factory=threading.Lock)
    sending: threading.Lock = field(default_factory=threading.Lock)
