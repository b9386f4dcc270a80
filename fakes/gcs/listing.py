"""Listing objects: prefixes, delimiters, globs and pages, in the order of names' UTF-8 bytes.

Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import invalid
from fakes.gcs.objects import StoredObject

PAGE = 1000
"""Most items and prefixes of one page."""

_WILDCARDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to list. `start` is inclusive, `end` exclusive; `page_token` is what the page before handed out."""

    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    end: str = ""
    glob: str = ""
    versions: bool = False
    soft_deleted: bool = False
    trailing_delimiter: bool = False
    limit: int = PAGE
    page_token: str = ""


@dataclass(slots=True)
class Page:
    """One page: objects, common prefixes, the token of the next page ("" on the last) and the place it ends at."""

    items: list[StoredObject] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next_page_token: str = ""
    last: tuple[str, int] = ("", 0)

    def full(self, limit: int) -> bool:
        """Whether nothing more fits; if so, the next page's token is set."""
        if len(self.items) + len(self.prefixes) < limit:
            return False
        self.next_page_token = _token(*self.last)
        return True


def list_objects(bucket: Bucket, query: Query) -> Page:
    """The page of `bucket` that `query` asks for. Raises 400 for a token or a glob that is none."""
    page = Page()
    after_name, after_generation = _read_token(query.page_token)
    matches = glob_pattern(query.glob).fullmatch if query.glob else None
    source = bucket.soft_deleted if query.soft_deleted else bucket.generations
    names = source.keys()
    at = source.bisect_left(max(query.start, query.prefix, after_name))
    while at < len(names):
        name = names[at]
        at += 1
        if (query.prefix and not name.startswith(query.prefix)) or (query.end and name >= query.end):
            break
        versions = [one for one in source[name] if query.versions or query.soft_deleted or one.deleted_ns is None]
        if not versions or (matches is not None and not matches(name)):
            continue
        cut = name.find(query.delimiter, len(query.prefix)) if query.delimiter else -1
        common = name[: cut + len(query.delimiter)] if cut >= 0 else ""
        if not common or (query.trailing_delimiter and name == common):
            for stored in versions:
                if name == after_name and stored.generation <= after_generation:
                    continue
                if page.full(query.limit):
                    return page
                page.items.append(stored)
                page.last = (name, stored.generation)
        if common:
            if page.full(query.limit):
                return page
            page.prefixes.append(common)
            # On from behind every name under this prefix: a listing costs what it shows, not what it hides.
            behind = _behind(common)
            if behind is None:
                break
            page.last = (behind, -1)
            at = source.bisect_left(behind)
    return page


def _behind(prefix: str) -> str | None:
    """The least name above every name with `prefix`; None where there is none."""
    prefix = prefix.rstrip("\U0010ffff")
    if not prefix:
        return None
    # U+D7FF is followed by the surrogates, which no name can have.
    last = "\ue000" if prefix[-1] == "\ud7ff" else chr(ord(prefix[-1]) + 1)
    return prefix[:-1] + last


def _token(name: str, generation: int) -> str:
    return base64.urlsafe_b64encode(f"{generation}/{name}".encode()).decode()


def _read_token(token: str) -> tuple[str, int]:
    if not token:
        return "", 0
    try:
        generation, slash, name = base64.b64decode(token, altchars=b"-_", validate=True).decode().partition("/")
        if not slash:
            raise ValueError
        return name, int(generation)
    except (ValueError, binascii.Error):
        raise invalid(f"Invalid page token: {token[:64]!r}", location="pageToken") from None


def glob_pattern(glob: str) -> re.Pattern[str]:
    """A `matchGlob` as a regular expression: `*` stays within a segment, `**` does not; `?`, `[a-z]`, `{a,b}`."""
    out: list[str] = []
    depth = 0
    at = 0
    if glob.count("*") > _WILDCARDS:
        raise invalid(f"Invalid glob: more than {_WILDCARDS} wildcards", location="matchGlob")
    while at < len(glob):
        character = glob[at]
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] in "/{,"):
            out.append("(?:.*/)?")
            at += 3
            continue
        if glob.startswith("**", at):
            out.append(".*")
            at += 2
            continue
        if character == "[":
            end = glob.find("]", at + 2)
            if end < 0:
                raise invalid(f"Invalid glob: {glob!r} has an open '['", location="matchGlob")
            inner = glob[at + 1 : end]
            negated = inner[0] in "!^"
            body = re.sub(r"([\\\[\]^&|~])", r"\\\1", inner[1:] if negated else inner)
            out.append(f"[{'^' if negated else ''}{body}]")
            at = end + 1
            continue
        if character == "{":
            depth += 1
            out.append("(?:")
        elif character == "}" and depth:
            depth -= 1
            out.append(")")
        elif character == "," and depth:
            out.append("|")
        elif character == "*":
            out.append("[^/]*")
        elif character == "?":
            out.append("[^/]")
        elif character == "\\" and at + 1 < len(glob):
            at += 1
            out.append(re.escape(glob[at]))
        else:
            out.append(re.escape(character))
        at += 1
    try:
        if depth:
            raise ValueError
        return re.compile("".join(out), re.DOTALL)
    except (re.error, ValueError, OverflowError):
        raise invalid(f"Invalid glob: {glob!r}", location="matchGlob") from None
