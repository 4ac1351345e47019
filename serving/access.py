"""Who may call which route. Every route says so, or the application is not built (deny by default).

Until sign-in exists, whoever passes the gate (`serving.gate`) is the operator of this machine and acts for the one
tenant of the settings. When sign-in comes, `Allowed.__call__` is the place where a token becomes a `Caller`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import FastAPI
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute

from features.domain.identifiers import TenantId
from serving.errors import Refused, UndeclaredRoute


class Role(StrEnum):
    """What a caller may do; `anyone` means whoever passes the gate, without a name.

    `device` is for machines and gateways that send: it may deliver, and read nothing.
    """

    ANYONE = "anyone"
    DEVICE = "device"
    READER = "reader"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, for which tenant."""

    tenant: TenantId
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Allowed:
    """The declaration on a route: callers with this role may call it."""

    role: Role

    def __call__(self, request: Request) -> Caller:
        """Return the caller.

        Raises:
            Refused: With 403, if the caller lacks the role.
        """
        caller = Caller(request.app.state.wiring.settings.served_tenant, frozenset(Role))
        if self.role not in caller.roles:
            raise Refused(403, f"This address is for the role {self.role.value}.")
        return caller


def allow(role: Role) -> Depends:
    """Return the declaration of a role for a route's caller, as in `Reader`."""
    return Depends(Allowed(role))


Anyone = Annotated[Caller, allow(Role.ANYONE)]
Device = Annotated[Caller, allow(Role.DEVICE)]
Reader = Annotated[Caller, allow(Role.READER)]
Operator = Annotated[Caller, allow(Role.OPERATOR)]


def role_of(route: BaseRoute) -> Role | None:
    """Return the role that a route asks for, or None if it does not say."""
    if not isinstance(route, APIRoute):
        return None
    asked = [each.call.role for each in route.dependant.dependencies if isinstance(each.call, Allowed)]
    return asked[0] if len(asked) == 1 else None


def refuse_undeclared(app: FastAPI) -> None:
    """Check that every route says who may call it.

    Raises:
        UndeclaredRoute: If one does not; mounted applications and included routers do not either.
    """
    silent = sorted(_names(route for route in app.routes if role_of(route) is None))
    if silent:
        found = ", ".join(silent)
        raise UndeclaredRoute(
            f"Every route must say who may call it; found without: {found}. "
            "Give each a parameter `caller: Reader`, or another role."
        )


def _names(routes: Iterable[BaseRoute]) -> Iterable[str]:
    return (str(getattr(route, "path", repr(route))) for route in routes)
