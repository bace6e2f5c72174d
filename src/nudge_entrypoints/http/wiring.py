"""The API of one process, put together: its parts, and who proves the identity of its callers."""

from __future__ import annotations

from nudge_entrypoints.bootstrap import App
from nudge_entrypoints.http.api.context import Access, Api
from nudge_entrypoints.http.authentication import StoredCredentials
from nudge_entrypoints.http.identity import Authenticator
from nudge_entrypoints.http.sign_in_desk import Prints, SignInDesk
from nudge_entrypoints.http.tokens import AccessTokens
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.token_keys import token_keys


def build_api(app: App, metrics: Metrics) -> tuple[Api, Authenticator]:
    """Return what the routes work with, and the authenticator over sessions and API keys; `app` closes them.

    Args:
        app: from `bootstrap.opened`.
        metrics: where signing in is counted; those of the application.

    Raises:
        Misconfigured: the keys that sign tokens cannot be used.
    """
    keys = token_keys(app.settings)
    tokens = AccessTokens(keys, app.clock.now)
    desk = SignInDesk(parts=app.parts, prints=Prints.under(keys), open_codes=app.codes, metrics=metrics)
    app.closes(desk.aclose)
    api = Api(
        parts=app.parts,
        settings=app.settings,
        now=app.clock.now,
        feed=app.feed,
        numbers=app.numbers,
        codes=app.codes,
        open_google=app.google_contacts,
        access=Access(desk=desk, tokens=tokens),
    )
    return api, StoredCredentials(store=app.parts.store, tokens=tokens)
