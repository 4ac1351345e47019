"""The root of every error that Millwright raises on purpose.

The tree of this package:

    ServiceError
    ├── InvalidValue            a value breaks a rule that is stated in the message (also a ValueError)
    │   ├── InvalidIdentifier   an identifier does not follow its scheme
    │   └── NaiveTime           a time came without its zone
    ├── NotFound                what was asked for does not exist (also a LookupError)
    └── Unavailable             a part that is needed does not answer; trying again later may help

Every other package draws its own tree in its `errors.py`, rooted here.
"""


class ServiceError(Exception):
    """The root: whoever catches it catches everything that Millwright raises on purpose."""


class InvalidValue(ServiceError, ValueError):
    """A value breaks a rule.

    Attributes:
        what: The name of the value.
        must: What must hold.
        found: What was given.
        remedy: What to do next.
    """

    def __init__(self, what: str, *, must: str, found: object, remedy: str) -> None:
        super().__init__(f"{what} must {must}; found {found!r}. {remedy}")
        self.what = what
        self.must = must
        self.found = found
        self.remedy = remedy


class InvalidIdentifier(InvalidValue):
    """An identifier does not follow the rules of its scheme."""


class NaiveTime(InvalidValue):
    """A time came without its zone, so nobody can say when it was."""


class NotFound(ServiceError, LookupError):
    """What was asked for does not exist."""


class Unavailable(ServiceError):
    """A part that is needed does not answer.

    Attributes:
        part: Which part, for example "online store".
    """

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part} is not available: {reason}")
        self.part = part
        self.reason = reason
