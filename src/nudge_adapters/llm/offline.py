"""The drafter that needs nothing: the templates of each vertical. Deterministic, and the fallback of every other."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import Draft
from nudge_core.verticals.voice import Voice


@frozen
class OfflineDrafter:
    """Drafts from templates. `voices`: per vertical. The same brief always gives the same words."""

    voices: Mapping[str, Voice]

    @property
    def name(self) -> str:
        """Name that is stored beside the draft."""
        return "offline"

    async def draft(self, brief: Brief) -> Draft:
        """Return a text of at most two SMS parts when its placeholders are filled.

        Raises:
            Invalid: nobody taught it the brief's vertical, or the vertical does not know the kind of event.
        """
        return Draft(text=voice_of(self.voices, brief).compose(brief), drafted_by=self.name)

    async def ping(self) -> str:
        """Return one line that says what answered."""
        return f"templates for {', '.join(sorted(self.voices))}"

    async def aclose(self) -> None:
        """Nothing to give back."""


def build_offline_drafter(voices: Mapping[str, Voice]) -> OfflineDrafter:
    """Return the drafter for these voices, by name of their vertical."""
    return OfflineDrafter(voices)


def voice_of(voices: Mapping[str, Voice], brief: Brief) -> Voice:
    """Return the voice of the brief's vertical, or raise Invalid with the verticals there are."""
    if brief.vertical not in voices:
        raise Invalid("brief.vertical", f"one of {', '.join(sorted(voices))}", brief.vertical)
    return voices[brief.vertical]
