"""Every command Redis knows, with arguments nobody would send: each is answered, and what is kept is what is there."""

import os
import random
import shutil

from fakeredis._commands import SUPPORTED_COMMANDS
from fakeredis.model import TimeSeries, XStream

from fakes.redis import create
from fakes.redis.resp import encode
from tests.fakes.manual import ManualSurroundings
from tests.fakes.test_mounts_fuzz import talk

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "2000"))
"""Commands; 20,000 before a release."""

WAITING = {"blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin", "wait", "waitaof"}
NAMES = sorted(
    name.upper()
    for name, one in SUPPORTED_COMMANDS.items()
    if "redis" in one.server_types and name not in WAITING and "subscribe" not in name
)
KEYS = [b"a", b"b", b"c", b"d", b"stream"]
WORDS = [
    *(b"0", b"1", b"-1", b"2", b"+", b"-", b"*", b"1-1", b"3.5", b"(1", b"nan", b"x", b"", b"\xff\x00", b"{a}"),
    *(b"EX", b"100", b"NX", b"XX", b"GT", b"COUNT", b"WITHSCORES", b"LIMIT", b"MAXLEN", b"STREAMS", b">", b"$", b"g"),
    *(b"GROUP", b"CREATE", b"me", b"f", b"v", b"LEFT", b"RIGHT", b"BEFORE", b"MATCH", b"STORE", b"return 1", b"JSON"),
    b"99999999999999999999",
]
USUAL = [
    [b"SET", b"a", b"1"],
    [b"RPUSH", b"b", b"x", b"y"],
    [b"HSET", b"c", b"f", b"v"],
    [b"ZADD", b"d", b"1", b"x"],
    [b"XADD", b"stream", b"*", b"f", b"v"],
    [b"XGROUP", b"CREATE", b"stream", b"g", b"0"],
    [b"XREADGROUP", b"GROUP", b"g", b"me", b"STREAMS", b"stream", b">"],
    [b"EXPIRE", b"b", b"100"],
    [b"SELECT", b"0"],
    [b"MULTI"],
    [b"EXEC"],
    [b"DISCARD"],
    [b"EVAL", b"return redis.call('SET', KEYS[1], ARGV[1])", b"1", b"a", b"2"],
    [b"COPY", b"a", b"b", b"REPLACE"],
    [b"DEL", b"c"],
]


def command(dice: random.Random) -> list[bytes]:
    if dice.random() < 0.3:
        return dice.choice(USUAL)
    first = dice.choice(NAMES).encode().split()
    if first[0] in (b"SHUTDOWN", b"QUIT", b"MONITOR", b"SYNC", b"PSYNC", b"FLUSHALL", b"FLUSHDB", b"DEBUG"):
        return [b"PING"]
    return [*first, *(dice.choice(KEYS if dice.random() < 0.4 else WORDS) for _ in range(dice.randrange(6)))]


def shown(backend) -> dict[tuple[int, bytes], object]:
    return {
        (number, key): (sorted(map(str, item.value._ids)) if isinstance(item.value, XStream) else repr_of(item.value))
        for number, database in backend.server.dbs.items()
        for key, item in database._dict.items()
        if not isinstance(item.value, TimeSeries)
    }


def repr_of(value: object) -> object:
    return value if isinstance(value, bytes) else (type(value).__name__, getattr(value, "__len__", lambda: 0)())


def test_any_command_is_answered_and_what_is_kept_is_what_is_there(tmp_path):
    dice = random.Random("redis")
    backend = create(ManualSurroundings(), data=tmp_path / "live")
    answers = errors = 0
    while answers < REQUESTS:
        commands = [command(dice) for _ in range(20)]
        answer = talk(backend, b"".join(map(encode, commands)), 1 << 16)
        assert answer, commands
        errors += answer.count(b"\r\n-") + answer.startswith(b"-")
        answers += len(commands)
    # A fuzzer that is always refused tests nothing.
    assert errors < 0.9 * answers
    # Killed: nothing is closed.
    shutil.copytree(tmp_path / "live", tmp_path / "killed")
    again = create(ManualSurroundings(), data=tmp_path / "killed")
    assert shown(again) == shown(backend)
    assert shown(again)
    again.close()
    backend.close()
