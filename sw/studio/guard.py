"""Who may ask the studio: this machine's browser, from the studio's own page, with the token."""

import hmac
import json


LARGEST = 1 << 20  # octets of a request, but for uploads, which count for themselves

HEADERS = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), serial=(self), microphone=(), geolocation=()",
}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
          "media-src 'self' blob:; connect-src 'self' {sockets}; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'")


class Guard:
    """Lets requests through to an ASGI application if they may come.

    A request must name the token as the first part of its path, and this server in ``Host``, so
    that another name that resolves to 127.0.0.1 does not help (DNS rebinding). ``Origin`` must be
    this server's where a browser sends one. A WebSocket must have it. The
    application sees paths without the token.
    """

    def __init__(self, app, token, port):
        self.app = app
        self.token = token.encode()
        self.hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost")}
        sockets = " ".join(f"ws://{host.decode()}" for host in sorted(self.hosts))
        self.headers = [(name.lower().encode(), value.encode()) for name, value in
                        {**HEADERS, "Content-Security-Policy": POLICY.format(sockets=sockets)}
                        .items()]

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        status, reason = self._judged(scope)
        if status:
            await self._refuse(scope, send, status, reason)
            return
        prefix = "/" + self.token.decode()
        inner = {**scope, "path": scope["path"].removeprefix(prefix) or "/",
                 "raw_path": scope["raw_path"].removeprefix(prefix.encode()) or b"/"}

        async def guarded(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self.headers]}
            await send(message)

        await self.app(inner, receive, guarded)

    def _judged(self, scope):
        """Return the status and reason of a refusal; 0 lets the request through."""
        headers = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        if len(hosts := headers.get(b"host", [])) != 1 or hosts[0] not in self.hosts:
            return 421, "Host must be this server's"
        origins = headers.get(b"origin", [])
        own = {b"http://" + host for host in self.hosts}
        if not set(origins) <= own or (scope["type"] == "websocket" and not origins):
            return 403, "Origin must be the studio's page"
        if set(headers.get(b"sec-fetch-site", [])) - {b"same-origin", b"none"}:
            return 403, "Request must come from the studio's page"
        path = scope["path"].encode("utf-8", "replace").split(b"/", 2)
        if len(path) < 3 or not hmac.compare_digest(path[1], self.token):
            return 403, "Address must have the token (use the one that the server printed)"
        length = b"".join(headers.get(b"content-length", [b"0"]))
        if scope.get("method") == "POST" and (
                b"transfer-encoding" in headers or not length.isdigit() or len(length) > 12
                or int(length) > LARGEST):
            return 413, f"Request must say its length, up to {LARGEST:,} octets"
        return 0, ""

    async def _refuse(self, scope, send, status, reason):
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
            return
        body = json.dumps({"error": reason}).encode()
        headers = [(b"content-type", b"application/json"), *self.headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
