"""Who may ask the studio: this machine's browser, from the studio's own page, with the token."""

import hmac
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketClose


LARGEST = 1 << 24  # octets of a request, but for uploads, which count for themselves

HEADERS = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), serial=(self), microphone=(self), geolocation=()",
}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
          "media-src 'self' blob:; connect-src 'self' {sockets}; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'")


class Guard:
    """Lets requests through to an ASGI application if they may come.

    A request must name the token as the first part of its path, and this server in ``Host``, so
    that another name that resolves to 127.0.0.1 does not help (DNS rebinding). ``Origin`` must be
    this server's; only a WebSocket must have one. The application sees paths without the token.
    """

    def __init__(self, app, token, port):
        self.app = app
        self.token = token
        self.hosts = [f"{name}:{port}" for name in ("127.0.0.1", "localhost")]
        sockets = " ".join(f"ws://{host}" for host in self.hosts)
        self.headers = {**HEADERS, "Content-Security-Policy": POLICY.format(sockets=sockets)}

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def guarded(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        status, reason = self._judged(scope)
        app, prefix = self.app, f"/{self.token}"
        if status:
            app = WebSocketClose(1008, reason) if scope["type"] == "websocket" else \
                JSONResponse({"error": reason}, status)
        await app({**scope, "path": scope["path"].removeprefix(prefix) or "/",
                   "raw_path": scope["raw_path"].removeprefix(prefix.encode()) or b"/"},
                  receive, guarded)

    def _judged(self, scope):
        """Return the status and reason of a refusal; 0 lets the request through."""
        headers = Headers(scope=scope)
        if len(hosts := headers.getlist("host")) != 1 or hosts[0] not in self.hosts:
            return 421, "Host must be this server's"
        origins, own = headers.getlist("origin"), {f"http://{host}" for host in self.hosts}
        if not set(origins) <= own or (scope["type"] == "websocket" and not origins):
            return 403, "Origin must be the studio's page"
        if set(headers.getlist("sec-fetch-site")) - {"same-origin", "none"}:
            return 403, "Request must come from the studio's page"
        path = scope["path"].split("/", 2)
        if len(path) < 3 or not hmac.compare_digest(path[1].encode("utf-8", "replace"),
                                                    self.token.encode()):
            return 403, "Address must have the token (use the one that the server printed)"
        length = "".join(headers.getlist("content-length") or ["0"])
        if scope.get("method") == "POST" and (
                "transfer-encoding" in headers or not re.fullmatch("[0-9]{1,12}", length)
                or int(length) > LARGEST):
            return 413, f"Request must say its length, up to {LARGEST:,} octets"
        return 0, ""
