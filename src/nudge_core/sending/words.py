"""Words from the drafters in turn; the first that pass the rules are taken."""

from __future__ import annotations

from collections.abc import Sequence

from nudge_core.errors import Refused, Unavailable
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import Draft
from nudge_core.policy.findings import Severity
from nudge_core.ports import Drafter
from nudge_core.verticals.base import Vertical


async def write(drafters: Sequence[Drafter], brief: Brief, vertical: Vertical) -> Draft:
    """Ask the drafters in turn; the first whose words pass the rules is taken.

    Why an earlier one was not taken is recorded in `Draft.fallback_reason`.

    Raises:
        Unavailable, Refused: of the last drafter, when none wrote anything usable.
    """
    reasons: list[str] = []
    for drafter in drafters:
        try:
            draft = await drafter.draft(brief)
            blocked = [f.rule for f in vertical.lint(draft.text) if f.severity is Severity.BLOCK]
            if blocked:
                raise Refused(drafter.name, "wording", ", ".join(sorted(set(blocked))))
        except (Unavailable, Refused) as error:
            if drafter is drafters[-1]:
                raise
            reasons.append(str(error))
            continue
        why = "; ".join(filter(None, [*reasons, draft.fallback_reason])) or None
        return Draft(text=draft.text, drafted_by=draft.drafted_by, fallback_reason=why)
    raise Refused("drafter", "none", "no drafter is configured")
