"""How a vertical speaks: what a drafter needs of it, whoever the drafter is."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from nudge_core.model.brief import Brief
from nudge_core.policy.proposal import ProposalRules


@frozen(kw_only=True)
class Voice:
    """The words of one vertical.

    `compose`: brief to text, deterministic, complete: the fallback that always works. `instructions`: for a language
    model; rules of ours only, never a fact or a stranger's text. `rules`: what a model's proposal must keep.
    `model_kinds`: the kinds of event a model may write about; the others are the templates' alone.
    """

    compose: Callable[[Brief], str]
    instructions: str
    rules: ProposalRules
    model_kinds: frozenset[str]
