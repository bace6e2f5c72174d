"""Canaries: personal values nobody else has, and a net that finds them in whatever the product says anywhere.

Every word contains `kanari`; every phone begins with `+1 512 777 31`, so that its last two digits alone give nothing
away. An account is told by its digits.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable

from attrs import field, frozen

from nudge_adapters.sms.build import quieten_clients

WORD = "kanari"
ACCOUNT = "AC" + "ca4a41" * 5 + "00"
TOKEN = f"{WORD}tokenoftheaccount"
API_SECRET = f"{WORD}secretofthekey"
API_KEY = "SK" + "ca4a42" * 5 + "00"
PASSWORD = f"{WORD}password"
USER_PHONE, OUR_NUMBER = "+15127773199", "+15127773198"
PEOPLE = 90
_DIGITS = re.compile(r"51277731\d\d")
_WORDS = re.compile(rf"{WORD}|ca4a4[12]ca4a4[12]", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<=\d)(?:%20|[\s().\-+/])+(?=\d)")
AROUND = 80


def phone(number: int) -> str:
    """Return the phone of a person."""
    return f"+151277731{number % PEOPLE:02d}"


def name(number: int) -> str:
    """Return a full name."""
    return f"Kanarina {number} Kanarisson"


def email(number: int) -> str:
    """Return an address."""
    return f"{WORD}.{number}@{WORD}.example"


def body(number: int) -> str:
    """Return the words of a text."""
    return f"Hi Kanarina {number}, call me at 512-777-31{number % PEOPLE:02d} about {WORD} street"


def explode(number: int) -> None:
    """Raise what a careless part might: an error that quotes a person."""
    raise RuntimeError(f"cannot text {name(number)} at {phone(number)}: {body(number)}")


@frozen(kw_only=True)
class Leak:
    """A canary where none may be: from which source, and the words around it."""

    source: str
    around: str


@frozen
class Net:
    """Everything that was said, by source: only counted, unless a canary is in it."""

    seen: Counter[str] = field(factory=Counter)
    leaks: list[Leak] = field(factory=list)

    def look(self, source: str, said: object) -> None:
        """Search what was said."""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        self.seen[source] += 1
        plain = _BETWEEN.sub("", text)
        for searched, pattern in ((text, _WORDS), (plain, _DIGITS)):
            hit = pattern.search(searched)
            if hit is not None:
                around = searched[max(hit.start() - AROUND, 0) : hit.end() + AROUND]
                self.leaks.append(Leak(source=source, around=around))

    def thing(self, source: str, thing: object) -> None:
        """Search both ways in which a thing is printed."""
        self.look(source, repr(thing))
        self.look(source, str(thing))

    def error(self, source: str, error: BaseException) -> None:
        """Search an error as a traceback shows it, with its causes. Lines of our source quote none of its values."""
        told = traceback.TracebackException.from_exception(error, capture_locals=False)
        while True:
            self.look(source, "".join(told.format_exception_only()))
            cause = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
            if cause is None:
                return
            told = cause


class Ear(logging.Handler):
    """Hears everything that is logged, as it would be written, arguments and tracebacks included."""

    def __init__(self, net: Net) -> None:
        super().__init__(logging.DEBUG)
        self._net = net

    def emit(self, record: logging.LogRecord) -> None:
        """Search one record."""
        self._net.look(f"log {record.name.partition('.')[0]}", self.format(record))


def listen(net: Net) -> Callable[[], None]:
    """Hear our loggers at DEBUG and all others from INFO on; return what puts everything back.

    httpx has the level that the product gives it when it builds an adapter: the scan's own client logs through it too.
    """
    root, ours, ear = logging.getLogger(), ("nudge_core", "nudge_adapters", "nudge_entrypoints"), Ear(net)
    quieten_clients()
    levels = {one: logging.getLogger(one).level for one in ours}
    before = root.level
    root.addHandler(ear)
    root.setLevel(logging.INFO)
    for one in ours:
        logging.getLogger(one).setLevel(logging.DEBUG)

    def stop() -> None:
        root.removeHandler(ear)
        root.setLevel(before)
        for one, level in levels.items():
            logging.getLogger(one).setLevel(level)

    return stop
