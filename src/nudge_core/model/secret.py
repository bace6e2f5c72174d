"""A value that must not be seen: it prints as stars and is told only when asked by name."""

from __future__ import annotations

from attrs import field, frozen

from nudge_core.errors import Invalid


@frozen(repr=False)
class Secret:
    """A password or token in memory. `reveal()` is the only way to its text; `repr` and `str` show stars."""

    _text: str = field()

    @_text.validator
    def _not_empty(self, _attribute: object, value: object) -> None:
        if not isinstance(value, str) or not value:
            raise Invalid("secret", "a text that is not empty", value)

    def reveal(self) -> str:
        """Return the text, to be handed to the service it is meant for and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "***"
