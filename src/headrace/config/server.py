"""How the HTTP service is served."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.durations import ZERO

HOST_DEFAULT = "127.0.0.1"
PORT_DEFAULT = 8080
BODY_MAX_DEFAULT = 4 << 20
"""Four of the largest payloads; a bulk submit of many small jobs fits."""
BODY_MIN = 1 << 10
TOKEN_LENGTH_MIN = 16
"""A token that is shorter can be guessed."""


class ServerSettings(Struct, frozen=True, kw_only=True):
    """How ``headrace server`` listens and what it takes.

    host: the address to listen on. Another than loopback needs a token or an API key.
    port: the port; 0 takes a free one and says which.
    token: what callers send as ``Authorization: Bearer TOKEN``, at least 16 characters. None: on loopback everybody may
        do everything.
    body_max: the largest body of a request, in bytes.
    body_timeout: how long a request's body may take to arrive.
    wait_max: how long a request may wait for a result or a job at most, whatever it asks for.
    cors_origins: the origins, with commas between them, whose pages may call the service; ``*`` for all.
    grace: how long a stopping server lets requests in flight finish.
    drain: how long a stopping server still takes requests while it says that it is not ready, so that a load balancer
        can turn away.
    docs: serve the interactive documentation at ``/docs``.
    """

    host: str = HOST_DEFAULT
    port: int = PORT_DEFAULT
    token: str | None = None
    body_max: int = BODY_MAX_DEFAULT
    body_timeout: timedelta = timedelta(seconds=30)
    wait_max: timedelta = timedelta(seconds=60)
    cors_origins: str = ""
    grace: timedelta = timedelta(seconds=30)
    drain: timedelta = ZERO
    docs: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise ConfigError(f"port is from 0 to 65535; got {self.port}")
        if self.body_max < BODY_MIN:
            raise ConfigError(f"body_max is a number of bytes, at least {BODY_MIN}; got {self.body_max}")
        if self.token is not None and (len(self.token) < TOKEN_LENGTH_MIN or not self.token.isprintable()):
            raise ConfigError(
                f"token has at least {TOKEN_LENGTH_MIN} printable characters; got {len(self.token)}. "
                'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
            )
        for name in ("body_timeout", "wait_max"):
            if getattr(self, name) <= ZERO:
                raise ConfigError(f"{name} is more than zero; got {getattr(self, name)}")
        for name in ("grace", "drain"):
            if getattr(self, name) < ZERO:
                raise ConfigError(f"{name} must not be negative; got {getattr(self, name)}")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address.

        >>> ServerSettings(host="::1").is_loopback, ServerSettings(host="0.0.0.0").is_loopback
        (True, False)
        """
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call."""
        return tuple(each.strip() for each in self.cors_origins.split(",") if each.strip())
