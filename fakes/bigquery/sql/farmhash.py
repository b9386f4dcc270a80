"""FarmHash Fingerprint64, which FARM_FINGERPRINT is: the published algorithm (farmhashna::Hash64), signed result."""

from __future__ import annotations

K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
M = (1 << 64) - 1


def _u64(b: bytes, i: int) -> int:
    return int.from_bytes(b[i : i + 8], "little")


def _u32(b: bytes, i: int) -> int:
    return int.from_bytes(b[i : i + 4], "little")


def _rot(v: int, s: int) -> int:
    return ((v >> s) | (v << (64 - s))) & M if s else v


def _mix(v: int) -> int:
    return v ^ (v >> 47)


def _len16(u: int, v: int, mul: int) -> int:
    a = ((u ^ v) * mul) & M
    a ^= a >> 47
    b = ((v ^ a) * mul) & M
    b ^= b >> 47
    return (b * mul) & M


def _short(b: bytes) -> int:
    n = len(b)
    if n >= 8:
        mul = (K2 + n * 2) & M
        a = (_u64(b, 0) + K2) & M
        e = _u64(b, n - 8)
        c = (_rot(e, 37) * mul + a) & M
        d = ((_rot(a, 25) + e) * mul) & M
        return _len16(c, d, mul)
    if n >= 4:
        mul = (K2 + n * 2) & M
        a = _u32(b, 0)
        return _len16((n + (a << 3)) & M, _u32(b, n - 4), mul)
    if n > 0:
        y = b[0] + (b[n >> 1] << 8)
        z = n + (b[n - 1] << 2)
        return (_mix((y * K2 ^ z * K0) & M) * K2) & M
    return K2


def _to32(b: bytes) -> int:
    n = len(b)
    mul = (K2 + n * 2) & M
    a = (_u64(b, 0) * K1) & M
    e = _u64(b, 8)
    c = (_u64(b, n - 8) * mul) & M
    d = (_u64(b, n - 16) * K2) & M
    return _len16((_rot((a + e) & M, 43) + _rot(c, 30) + d) & M, (a + _rot((e + K2) & M, 18) + c) & M, mul)


def _to64(b: bytes) -> int:
    n = len(b)
    mul = (K2 + n * 2) & M
    a = (_u64(b, 0) * K2) & M
    e = _u64(b, 8)
    c = (_u64(b, n - 8) * mul) & M
    d = (_u64(b, n - 16) * K2) & M
    y = (_rot((a + e) & M, 43) + _rot(c, 30) + d) & M
    z = _len16(y, (a + _rot((e + K2) & M, 18) + c) & M, mul)
    f = (_u64(b, 16) * mul) & M
    g = _u64(b, 24)
    h = ((y + _u64(b, n - 32)) * mul) & M
    i = ((z + _u64(b, n - 24)) * mul) & M
    return _len16((_rot((f + g) & M, 43) + _rot(h, 30) + i) & M, (f + _rot((g + a) & M, 18) + h) & M, mul)


def _weak(b: bytes, i: int, x: int, y: int) -> tuple[int, int]:
    w, p, q, z = (_u64(b, i + 8 * k) for k in range(4))
    x = (x + w) & M
    y = _rot((y + x + z) & M, 21)
    c = x
    x = (x + p + q) & M
    y = (y + _rot(x, 44)) & M
    return (x + z) & M, (y + c) & M


def _long(b: bytes) -> int:
    n = len(b)
    seed = 81
    x, y = seed, (seed * K1 + 113) & M
    z = (_mix((y * K2 + 113) & M) * K2) & M
    v, w = (0, 0), (0, 0)
    x = (x * K2 + _u64(b, 0)) & M
    end = ((n - 1) // 64) * 64
    last = end + ((n - 1) & 63) - 63
    at = 0
    while True:
        x = (_rot((x + y + v[0] + _u64(b, at + 8)) & M, 37) * K1) & M
        y = (_rot((y + v[1] + _u64(b, at + 48)) & M, 42) * K1) & M
        x ^= w[1]
        y = (y + v[0] + _u64(b, at + 40)) & M
        z = (_rot((z + w[0]) & M, 33) * K1) & M
        v = _weak(b, at, (v[1] * K1) & M, (x + w[0]) & M)
        w = _weak(b, at + 32, (z + w[1]) & M, (y + _u64(b, at + 16)) & M)
        z, x = x, z
        at += 64
        if at == end:
            break
    mul = (K1 + ((z & 0xFF) << 1)) & M
    at = last
    w = ((w[0] + ((n - 1) & 63)) & M, w[1])
    v = ((v[0] + w[0]) & M, v[1])
    w = ((w[0] + v[0]) & M, w[1])
    x = (_rot((x + y + v[0] + _u64(b, at + 8)) & M, 37) * mul) & M
    y = (_rot((y + v[1] + _u64(b, at + 48)) & M, 42) * mul) & M
    x ^= (w[1] * 9) & M
    y = (y + v[0] * 9 + _u64(b, at + 40)) & M
    z = (_rot((z + w[0]) & M, 33) * mul) & M
    v = _weak(b, at, (v[1] * mul) & M, (x + w[0]) & M)
    w = _weak(b, at + 32, (z + w[1]) & M, (y + _u64(b, at + 16)) & M)
    z, x = x, z
    return _len16((_len16(v[0], w[0], mul) + _mix(y) * K0 + z) & M, (_len16(v[1], w[1], mul) + x) & M, mul)


def fingerprint64(data: bytes) -> int:
    """The fingerprint of `data` as a signed 64-bit integer."""
    n = len(data)
    value = _short(data) if n <= 16 else _to32(data) if n <= 32 else _to64(data) if n <= 64 else _long(data)
    return value - (1 << 64) if value >> 63 else value
