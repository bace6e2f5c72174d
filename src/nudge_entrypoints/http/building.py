"""What the API of a process works with, from the parts of that process."""

from __future__ import annotations

from nudge_entrypoints.bootstrap import App
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.identity import AnyConnection, Authenticator, Principal


def plain_api(app: App) -> Api:
    """Return what the routes work with, but for signing in: enough to describe them."""
    return Api(
        parts=app.parts,
        settings=app.settings,
        now=app.clock.now,
        feed=app.feed,
        numbers=app.numbers,
        codes=app.codes,
        open_google=app.google_contacts,
    )


def build_authenticator(_api: Api) -> Authenticator:
    """Return who proves identities. Until sign-in is wired (`http/authentication.py`), nobody is known."""
    return NobodyKnown()


class NobodyKnown:
    """Proves nobody's identity: for the document of the API, which nobody calls."""

    async def principal(self, _connection: AnyConnection) -> Principal | None:
        """Return None."""
        return None
