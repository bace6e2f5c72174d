"""What to call a client in a greeting."""

from __future__ import annotations

import re

from nudge_core.policy.placeholders import LONGEST
from nudge_core.policy.segments import Encoding, fold, segments

_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "the"})
_NO_NAMES = frozenset(
    {"unknown", "na", "none", "test", "lead", "buyer", "seller", "client", "contact", "new", "no", "owner"}
)
_NAME = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


def greeting_name(full_name: str) -> str:
    """Return the first name as one writes it in a greeting, or nothing when there is none.

    "Dr. ANN-MARIE Lee" is Ann-Marie, "Smith, John" is John, "María" is Maria (the accent would more than double the
    price of the text). Nothing for initials, for what is no name ("Lead #12"), for a name longer than its room and for
    one that GSM-7 cannot write: a greeting without a name reads better than a wrong one.
    """
    surname, comma, rest = fold(full_name).partition(",")
    words = (rest if comma and rest.strip() else surname).split()
    named = [word for word in words if word.casefold().strip(".") not in _TITLES]
    first = named[0] if named else ""
    if not _NAME.fullmatch(first) or len(first) < 2 or first.casefold() in _NO_NAMES:
        return ""
    if first.islower() or (first.isupper() and len(first) > 2):  # two capitals are initials somebody goes by: JJ
        first = fold(re.sub(r"[^\W\d_]+", lambda part: part.group().capitalize(), first))
    counted = segments(first)
    return first if counted.encoding is Encoding.GSM7 and counted.units <= LONGEST["first_name"] else ""
