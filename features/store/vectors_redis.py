"""Online vectors in Redis: the store of a plant or a fleet, shared by every machine of the installation.

Per view there are two hashes, of vectors and of states, with one field per tenant and asset, and beside them one hash
of cursors. The hash of a view's vectors also has a field without a name, which `create` puts there: where it is
missing, Redis was emptied or the view never made, and the store says so instead of answering that nothing is known.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from redis import Redis
from redis import exceptions as vendor
from redis.backoff import NoBackoff
from redis.retry import Retry

from features.domain.errors import ServiceError
from features.domain.identifiers import AssetId, TenantId
from features.store.address import check_redis_url
from features.store.errors import CursorMoved, FeatureStoreFault, FeatureStoreUnavailable
from features.store.packed import FORMAT, Cursor, PackedState, PackedVector, require_owner, views_of

PART = "online store"

_PREFIX = "millwright:"
_CURSORS = f"{_PREFIX}cursors"
_MARK = ""
_OF_OURS = (vendor.DataError, vendor.InvalidPipelineStack, vendor.LockError, vendor.PubSubError, vendor.WatchError)
"""What Redis answers, or its client says, when it was asked wrongly."""

_ANSWERS = (
    vendor.BusyLoadingError,
    vendor.ClusterError,
    vendor.AskError,
    vendor.TryAgainError,
    vendor.NoPermissionError,
    vendor.OutOfMemoryError,
    vendor.ReadOnlyError,
    vendor.AuthenticationWrongNumberOfArgsError,
)
"""Answers of a Redis that cannot serve us now, or not with these rights."""

# Redis does not take back what a script wrote before it failed, so everything is looked at before anything is written.
# Times are compared as four whole numbers of 32 bits: a number of Lua holds 53 bits exactly.
_WRITE = """
local vectors, states, or_equal = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local cursor, value, before = ARGV[4], ARGV[5], ARGV[6]
for index = 2, #KEYS do
  if index % 2 == 0 and redis.call('HEXISTS', KEYS[index], '') == 0 then return {'view', KEYS[index]} end
  if index % 2 == 1 then redis.call('HEXISTS', KEYS[index], '') end
end
local found = redis.call('HGET', KEYS[1], cursor)
if before ~= '' and found ~= before then return {'cursor', found} end
local function newer(content, present)
  local one, other = {struct.unpack('>I4I4I4I4', content)}, {struct.unpack('>I4I4I4I4', present)}
  for place = 1, 4 do
    if one[place] ~= other[place] then return one[place] > other[place] end
  end
  return or_equal
end
local at, written = 7, 0
for _ = 1, vectors do
  local key, field, content = KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2]
  local replaces = ARGV[at + 3] == '1'
  if content == '' then
    written = written + redis.call('HDEL', key, field)
  else
    local present = redis.call('HGET', key, field)
    if replaces or not present or newer(content, present) then
      redis.call('HSET', key, field, content)
      written = written + 1
    end
  end
  at = at + 4
end
for _ = 1, states do
  redis.call('HSET', KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2])
  at = at + 3
end
if value ~= '' then redis.call('HSET', KEYS[1], cursor, value) end
return {'written', written}
"""


class RedisVectorStore:
    """A `VectorStore` in Redis. Nothing is asked before it is used.

    Args:
        url: Address with database, such as `redis://localhost:6379/0`; `rediss://` for TLS.
        timeout_seconds: How long to wait for a connection, and for an answer.

    Raises:
        InvalidValue: If the address is none.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        check_redis_url(url)
        with translated():
            self._redis = Redis.from_url(
                url,
                socket_timeout=timeout_seconds,
                socket_connect_timeout=timeout_seconds,
                retry=Retry(NoBackoff(), 1),  # once: a connection that lay idle may have been cut
            )
            self._script = self._redis.register_script(_WRITE)

    def create(self, view: str) -> None:
        """Make room for a view; see `VectorStore.create`."""
        with translated():
            self._redis.hsetnx(_vectors(view), _MARK, str(FORMAT))

    def drop(self, view: str) -> None:
        """Forget a view with its vectors and states; see `VectorStore.drop`."""
        with translated():
            self._redis.delete(_vectors(view), _states(view))

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write vectors, states and a cursor in one script; see `VectorStore.write`."""
        require_owner(vectors, cursor)
        views = views_of(vectors, states)
        place = {view: 2 + 2 * index for index, view in enumerate(views)}
        keys = [_CURSORS, *(key for view in views for key in (_vectors(view), _states(view)))]
        rows: list[bytes | str | int] = [len(vectors), len(states), int(or_equal), *_told(cursor)]
        for vector in vectors:
            field, content = _field(vector.key.tenant, vector.key.asset), vector.content or b""
            rows += place[vector.key.view], field, content, int(vector.replaces)
        for state in states:
            rows += place[state.key.view] + 1, _field(state.key.tenant, state.key.asset), state.content
        with translated():
            kind, found = cast("list[Any]", self._script(keys, rows))  # Any: what the script returns
        if kind == b"view":
            raise _no_view(found.decode().removeprefix(_vectors("")))
        if kind == b"cursor" and cursor is not None and cursor.before is not None:
            raise CursorMoved(cursor.name, cursor.before, None if found is None else int(found))
        return int(found)

    def read(self, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        """Return the packed vectors of assets by one command; see `VectorStore.read`."""
        return self._read(_vectors(view), tenant, view, assets)

    def state(self, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        """Return the streaming states of assets in one round trip; see `VectorStore.state`."""
        with translated(), self._redis.pipeline(transaction=False) as pipe:
            pipe.hexists(_vectors(view), _MARK)
            pipe.hmget(_states(view), [_MARK, *(_field(tenant, asset) for asset in assets)])
            is_there, (_, *found) = pipe.execute()
        if not is_there:
            raise _no_view(view)
        return {asset: content for asset, content in zip(assets, found, strict=True) if content is not None}

    def cursor(self, name: str) -> int | None:
        """Return how far a stream was read; see `VectorStore.cursor`."""
        with translated():
            found = cast("bytes | None", self._redis.hget(_CURSORS, name))
        return None if found is None else int(found)

    def close(self) -> None:
        """Let go of the connections; closing twice is allowed."""
        with suppress(vendor.RedisError):
            self._redis.close()

    def _read(self, key: str, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        prefix = _field(tenant, "")
        with translated():
            answer = self._redis.hmget(key, [_MARK, *[prefix + asset for asset in assets]])
        mark, *found = cast("list[bytes | None]", answer)
        if mark is None:
            raise _no_view(view)
        return {asset: content for asset, content in zip(assets, found, strict=True) if content is not None}


@contextmanager
def translated() -> Iterator[None]:
    """Turn every exception of Redis in the block into one of ours."""
    try:
        yield
    except (vendor.RedisError, vendor.RedisClusterException, vendor.ChildDeadlockedError, OSError) as error:
        raise ours(error) from error
    except (vendor.IncorrectPolicyType, ValueError) as error:
        raise FeatureStoreFault(f"{type(error).__name__}: {error}") from error


def ours(error: Exception) -> ServiceError:
    """Return our error for one of Redis: whatever was not asked wrongly may answer another time."""
    words = f"{type(error).__name__}: {error}"
    is_answer = isinstance(error, vendor.ResponseError) and not isinstance(error, _ANSWERS)
    if isinstance(error, _OF_OURS) or is_answer:
        return FeatureStoreFault(words)
    return FeatureStoreUnavailable(PART, words)


def _told(cursor: Cursor | None) -> tuple[str, str, str]:
    if cursor is None:
        return "", "", ""
    return cursor.name, str(cursor.value), "" if cursor.before is None else str(cursor.before)


def _vectors(view: str) -> str:
    return f"{_PREFIX}vectors:{view}"


def _states(view: str) -> str:
    return f"{_PREFIX}states:{view}"


def _field(tenant: str, asset: str) -> str:
    return f"{tenant}\x1f{asset}"


def _no_view(view: str) -> FeatureStoreUnavailable:
    return FeatureStoreUnavailable(PART, f"it holds no view {view}, or was emptied. Build the features again")
