"""Pages of a List method.

It must not know what is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from fakes.seam import GrpcError

T = TypeVar("T")


def page(
    items: Sequence[T], page_size: int, page_token: str, *, default: int = 100, most: int = 1_000
) -> tuple[list[T], str]:
    """The page of `items` that `page_token` names and the token of the next, "" at the end.

    `page_size` 0 means `default`; more than `most` means `most`. INVALID_ARGUMENT for a token we did not give.
    """
    if page_size < 0:
        raise GrpcError("INVALID_ARGUMENT", f"page_size must not be negative: {page_size}")
    start = 0
    if page_token:
        if not page_token.isdecimal() or int(page_token) > len(items):
            raise GrpcError("INVALID_ARGUMENT", f"Invalid page token given (token={page_token})")
        start = int(page_token)
    end = start + min(page_size or default, most)
    return list(items[start:end]), str(end) if end < len(items) else ""
