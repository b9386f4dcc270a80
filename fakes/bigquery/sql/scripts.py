"""Scripts: procedural GoogleSQL taken apart into a tree.

https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language. Plain statements stay text; knows
tokens only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlglot.errors import TokenError

from fakes.bigquery.errors import Unsupported, invalid_query
from fakes.bigquery.sql import parsing
from fakes.bigquery.sql.script_tree import (
    Assertion,
    Assign,
    Block,
    Branch,
    Call,
    Declare,
    Execute,
    For,
    Loop,
    Procedure,
    Raise,
    Statement,
    Word,
)

STARTS = {
    "DECLARE", "SET", "BEGIN", "IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR", "BREAK", "LEAVE", "CONTINUE", "ITERATE",
    "RETURN", "RAISE", "EXECUTE", "CALL", "ASSERT", "COMMIT", "ROLLBACK",
}  # fmt: skip


@lru_cache(maxsize=2_048)
def is_script(text: str) -> bool:
    """Whether `text` is procedural or more than one statement."""
    word = text.lstrip().split(None, 1)[0].upper().rstrip(";") if text.strip() else ""
    if word in STARTS:
        return True
    if word == "CREATE" and "PROCEDURE" in text.upper()[:200]:
        return True
    if ";" not in text.strip().rstrip(";"):
        return False
    try:
        return len(_Reader(text).split()) > 1
    except TokenError:
        return False


@lru_cache(maxsize=512)
def parse(text: str) -> tuple[Any, ...]:
    """The statements of a script; raises 400 `invalidQuery` for a syntax error."""
    try:
        reader = _Reader(text)
    except TokenError:
        parsing.statement(text)
        raise invalid_query("Syntax error") from None
    return tuple(reader.statements(set()))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = parsing.tokens(text)
        self.at = 0

    # ---- tokens

    def peek(self, ahead: int = 0) -> str:
        i = self.at + ahead
        if i >= len(self.tokens):
            return ""
        token = self.tokens[i]
        return token.text.upper() if token.token_type.name not in ("STRING", "RAW_STRING", "IDENTIFIER") else "\0"

    def take(self, *words: str) -> bool:
        if all(self.peek(i) == w for i, w in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def need(self, *words: str) -> None:
        if not self.take(*words):
            token = self.tokens[self.at] if self.at < len(self.tokens) else None
            where = parsing.position(self.text, token.start) if token else None
            found = f'"{token.text}"' if token else "end of script"
            raise invalid_query(f"Syntax error: Expected keyword {' '.join(words)} but got {found}", where)

    def slice(self, start: int, end: int) -> str:
        if start >= end:
            return ""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end + 1]

    def until(self, *stops: str) -> str:
        """Text up to the first of `stops` outside parentheses and CASE; the stop itself stays."""
        start, depth, cases = self.at, 0, 0
        while self.at < len(self.tokens):
            word = self.peek()
            if depth == 0 and cases == 0 and word in stops:
                break
            if word in ("(", "["):
                depth += 1
            elif word in (")", "]"):
                depth -= 1
                if depth < 0:
                    break
            elif word == "CASE":
                cases += 1
            elif word == "END" and cases:
                cases -= 1
            self.at += 1
        return self.slice(start, self.at)

    def name(self) -> str:
        if self.at >= len(self.tokens):
            raise invalid_query("Syntax error: Unexpected end of script")
        token = self.tokens[self.at]
        self.at += 1
        return str(token.text)

    def split(self) -> list[str]:
        parts = []
        while self.at < len(self.tokens):
            part = self.until(";")
            if part:
                parts.append(part)
            self.at += 1
        return parts

    # ---- statements

    def statements(self, ends: set[str]) -> list[Any]:
        found: list[Any] = []
        while self.at < len(self.tokens):
            while self.take(";"):
                pass
            if self.at >= len(self.tokens) or self.peek() in ends:
                break
            found.append(self.statement())
            if self.at < len(self.tokens) and not self.take(";"):
                self.need(";")
        return found

    def statement(self) -> Any:
        label = ""
        if self.peek(1) == ":" and self.peek(2) in ("BEGIN", "LOOP", "WHILE", "REPEAT", "FOR"):
            label = self.name()
            self.at += 1
        word = self.peek()
        method = getattr(self, f"_{word.lower()}", None) if word in STARTS else None
        if method is not None:
            found = method()
            if label and hasattr(found, "label"):
                found.label = label.lower()
                if self.tokens[self.at : self.at + 1] and self.peek() == label.upper():
                    self.at += 1
            return found
        if word == "CREATE" and "PROCEDURE" in (self.peek(1), self.peek(3)):
            return self._procedure()
        return Statement(self.until(";"))

    def _declare(self) -> Declare:
        self.need("DECLARE")
        names = [self.name()]
        while self.take(","):
            names.append(self.name())
        kind = self.until("DEFAULT", ";")
        default = self.until(";") if self.take("DEFAULT") else ""
        if not kind and not default:
            raise invalid_query("Syntax error: DECLARE needs a type or a DEFAULT")
        return Declare(names, kind, default)

    def _set(self) -> Assign:
        self.need("SET")
        apart = self.take("(")
        if apart:
            names = [self.name()]
            while self.take(","):
                names.append(self.name())
            self.need(")")
        else:
            names = [self.until("=")]
        self.need("=")
        return Assign([n.strip() for n in names], self.until(";"), apart=apart)

    def _begin(self) -> Any:
        if self.take("BEGIN", "TRANSACTION") or (self.peek(1) in (";", "") and self.take("BEGIN")):
            return Word("BEGIN TRANSACTION")
        self.need("BEGIN")
        body = self.statements({"END", "EXCEPTION"})
        handler = None
        if self.take("EXCEPTION"):
            self.need("WHEN", "ERROR", "THEN")
            handler = self.statements({"END"})
        self.need("END")
        return Block(body, handler)

    def _if(self) -> Branch:
        self.need("IF")
        arms = [(self.until("THEN"), self._arm({"ELSEIF", "ELSE", "END"}))]
        while self.take("ELSEIF"):
            arms.append((self.until("THEN"), self._arm({"ELSEIF", "ELSE", "END"})))
        otherwise = self.statements({"END"}) if self.take("ELSE") else []
        self.need("END", "IF")
        return Branch(arms, otherwise)

    def _arm(self, ends: set[str]) -> list[Any]:
        self.need("THEN")
        return self.statements(ends)

    def _case(self) -> Branch:
        self.need("CASE")
        subject = self.until("WHEN")
        arms = []
        while self.take("WHEN"):
            test = self.until("THEN")
            arms.append((f"({subject}) = ({test})" if subject else test, self._arm({"WHEN", "ELSE", "END"})))
        otherwise = self.statements({"END"}) if self.take("ELSE") else []
        self.need("END", "CASE")
        return Branch(arms, otherwise)

    def _loop(self) -> Loop:
        self.need("LOOP")
        body = self.statements({"END"})
        self.need("END", "LOOP")
        return Loop(body)

    def _while(self) -> Loop:
        self.need("WHILE")
        test = self.until("DO")
        self.need("DO")
        body = self.statements({"END"})
        self.need("END", "WHILE")
        return Loop(body, test)

    def _repeat(self) -> Loop:
        self.need("REPEAT")
        body = self.statements({"UNTIL"})
        self.need("UNTIL")
        test = self.until("END")
        self.need("END", "REPEAT")
        return Loop(body, test, after=True)

    def _for(self) -> For:
        self.need("FOR")
        name = self.name()
        self.need("IN")
        query = self.until("DO")
        self.need("DO")
        body = self.statements({"END"})
        self.need("END", "FOR")
        return For(name, query, body)

    def _word(self, kind: str) -> Word:
        self.at += 1
        label = self.name() if self.peek() not in (";", "") else ""
        return Word(kind, label.lower())

    def _break(self) -> Word:
        return self._word("BREAK")

    _leave = _break

    def _continue(self) -> Word:
        return self._word("CONTINUE")

    _iterate = _continue

    def _return(self) -> Word:
        return self._word("RETURN")

    def _commit(self) -> Word:
        self.need("COMMIT")
        self.take("TRANSACTION")
        return Word("COMMIT")

    def _rollback(self) -> Word:
        self.need("ROLLBACK")
        self.take("TRANSACTION")
        return Word("ROLLBACK")

    def _raise(self) -> Raise:
        self.need("RAISE")
        if self.take("USING"):
            self.need("MESSAGE")
            self.need("=")
            return Raise(self.until(";"))
        return Raise("")

    def _assert(self) -> Assertion:
        self.need("ASSERT")
        test = self.until("AS", ";")
        message = self.until(";") if self.take("AS") else ""
        return Assertion(test, message)

    def _execute(self) -> Execute:
        self.need("EXECUTE", "IMMEDIATE")
        sql = self.until("INTO", "USING", ";")
        into = []
        if self.take("INTO"):
            into = [self.name()]
            while self.take(","):
                into.append(self.name())
        using = []
        if self.take("USING"):
            while True:
                value = self.until("AS", ",", ";")
                using.append((self.name() if self.take("AS") else "", value))
                if not self.take(","):
                    break
        return Execute(sql, into, using)

    def _call(self) -> Call:
        self.need("CALL")
        path = self._path()
        self.need("(")
        arguments = []
        while not self.take(")"):
            arguments.append(self.until(",", ")"))
            self.take(",")
        return Call(path, arguments)

    def _path(self) -> list[str]:
        parts = self.name().split(".")
        while self.take("."):
            parts += self.name().split(".")
        return parts

    def _procedure(self) -> Procedure:
        start = self.at
        self.need("CREATE")
        replace = self.take("OR", "REPLACE")
        self.need("PROCEDURE")
        exists = self.take("IF", "NOT", "EXISTS")
        path = self._path()
        self.need("(")
        arguments = []
        while not self.take(")"):
            mode = self.peek() if self.peek() in ("IN", "OUT", "INOUT") else "IN"
            if self.peek() == mode:
                self.at += 1
            name = self.name()
            arguments.append((mode, name, self.until(",", ")")))
            self.take(",")
        if self.take("OPTIONS"):
            self.until("BEGIN")
        if self.peek() != "BEGIN":
            raise Unsupported("procedures that are not SQL blocks")
        body = self._begin()
        return Procedure(path, replace, exists, arguments, body, self.slice(start, self.at))
