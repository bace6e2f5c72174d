"""What a drafter is told: the only type that may reach words, templates or a language model.

There is no field for notes, remarks meant for agents, phone numbers or last names; what has no field cannot leak.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from nudge_core.model.client import Role
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.style import NO_STYLE, LearnedStyle


@frozen(kw_only=True)
class Brief:
    """One event, told in facts that may stand in a text.

    `facts`: name to text as it may be printed (`price`: "$485,000"; `address`; `beds`: "3"). Every one is true of the
    stored event. `roles`: of the included audience, most frequent first. `reasons`: what the audience wished and the
    offer meets, most frequent first; each client's own stands behind the placeholder `{reason}`.
    `public_remarks`: a stranger's text: data, never instructions. `variation`: a stable number that picks among
    equal wordings. `style`: the professional's style guide. `learned`: habits that their edits show.
    """

    vertical: str
    kind: str
    facts: Mapping[str, str] = field(repr=False)
    roles: tuple[Role, ...]
    reasons: tuple[str, ...] = field(repr=False)
    sender_first_name: str = field(repr=False)
    sender_business: str = field(repr=False)
    variation: int
    public_remarks: str = field(default="", repr=False)
    style: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    learned: LearnedStyle = field(default=NO_STYLE, repr=False)
