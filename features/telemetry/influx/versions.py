"""Which InfluxDB answers, and what follows from it.

| | written to | questions to | times come back as | several statements at once |
|---|---|---|---|---|
| 1.x before 1.8 | `/write` | `/query` | nanoseconds | yes |
| 1.8 and later 1.x | `/api/v2/write` | `/query` | nanoseconds | yes |
| 2.x | `/api/v2/write` | `/query` | nanoseconds | yes |
| 3.x | `/api/v2/write` | `/api/v3/query_influxql` | text | no |

The `/query` of 3.x ignores bound parameters (influxdata/influxdb, issue 24805), so 3.x is asked where it takes them.
"""

import re
from dataclasses import dataclass

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Version:
    """The version of a server.

    Attributes:
        text: As the server says it.
        major: 1, 2 or 3.
        minor: The number behind it.
    """

    text: str
    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> "Version | None":
        """Return the version in what a server says, or None if there is none.

        Examples:
            >>> Version.parse("1.6.7~rc0"), Version.parse("v2.7.1").major
            (Version(text='1.6.7~rc0', major=1, minor=6), 2)
        """
        found = _VERSION.match(text)
        return None if found is None else cls(text, int(found[1]), int(found[2]))

    @property
    def has_policies(self) -> bool:
        """Whether places are retention policies of one database, not buckets or databases of their own."""
        return self.major < 2

    @property
    def writes_v2(self) -> bool:
        """Whether `/api/v2/write` is there."""
        return (self.major, self.minor) >= (1, 8)

    @property
    def asks_v3(self) -> bool:
        """Whether questions go to `/api/v3/query_influxql`."""
        return self.major >= 3


UNKNOWN = Version("unknown, taken for 2.x", 2, 0)
"""What answers `/ping` without saying who it is; products that imitate InfluxDB take writes as 2.x does."""
