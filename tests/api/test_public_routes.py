"""Which routes of the API are answered without identity: these, and a route that is added is not one by oversight."""

from __future__ import annotations

from litestar.routes import HTTPRoute, WebSocketRoute

from nudge_entrypoints.http.api.routes import PREFIX
from nudge_entrypoints.http.document_pages import DOCUMENT_PATH, PAGE_PATH
from nudge_entrypoints.http.identity import PUBLIC, SCOPE, Scope
from tests.api.lobby import Lobby
from tests.samples import uid

OPEN = {
    f"POST {PREFIX}/sign-in",
    f"POST {PREFIX}/sign-in/codes",
    f"POST {PREFIX}/sign-in/refresh",
}
"""All of them."""


DOCUMENTS = (DOCUMENT_PATH, PAGE_PATH)
"""What the API says of itself: nobody's data."""


async def test_every_other_route_names_a_scope_and_refuses_nobody_in_particular(lobby: Lobby) -> None:
    found, refused = set(), 0
    async with lobby.caller() as nobody:
        for route in lobby.app.routes:
            if isinstance(route, WebSocketRoute) or not route.path.startswith(PREFIX) or route.path in DOCUMENTS:
                continue
            assert isinstance(route, HTTPRoute)
            for handler in route.route_handlers:
                for method in sorted(set(handler.http_methods) - {"OPTIONS", "HEAD"}):
                    if handler.opt.get(PUBLIC):
                        found.add(f"{method} {route.path}")
                        continue
                    assert Scope(handler.opt[SCOPE])
                    path = "".join(
                        f"/{uid(7) if isinstance(part, str) is False else part}" for part in route.path_components
                    )
                    answer = await nobody.request(method, f"http://nudge.test{path}")
                    assert answer.status_code == 401, f"{method} {route.path}"
                    refused += 1
    assert found == OPEN
    assert refused >= 8


def test_the_one_socket_without_identity_at_its_door_asks_for_it_inside(lobby: Lobby) -> None:
    """`tests/api/test_live_updates.py` tries that door: a browser can set no header of a WebSocket."""
    sockets = {route.path for route in lobby.app.routes if isinstance(route, WebSocketRoute)}
    assert sockets == {f"{PREFIX}/live"}
