"""GoogleSQL as this emulator parses it: sqlglot's BigQuery grammar with every function call left as it was written.

sqlglot folds vendor functions into canonical nodes, which loses the name and the order of the arguments. The compiler
needs both (for signatures, for error messages), so calls stay `exp.Anonymous`. Knows grammar only, no types and no
tables.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.parser import Parser as BaseParser
from sqlglot.parsers.bigquery import BigQueryParser
from sqlglot.tokens import TokenType

KEPT_PARSERS = ("CAST", "SAFE_CAST", "EXTRACT", "ARRAY")
"""The calls whose arguments are no plain expressions (`CAST(x AS t)`, `EXTRACT(p FROM x)`, `ARRAY(SELECT …)`)."""


class GoogleSqlParser(BigQueryParser):  # type: ignore[misc] # sqlglot is untyped here
    """BigQuery's parser without the canonical function nodes."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {k: BigQueryParser.FUNCTION_PARSERS[k] for k in KEPT_PARSERS}
    FUNCTIONS_WITH_ALIASED_ARGS: ClassVar[set[str]] = {"STRUCT"}

    PIPE_SYNTAX_TRANSFORM_PARSERS: ClassVar[dict[str, Any]] = {
        **BigQueryParser.PIPE_SYNTAX_TRANSFORM_PARSERS,
        "DROP": lambda self, query: self._parse_pipe_drop(query),
        "SET": lambda self, query: self._parse_pipe_set(query),
    }

    def _parse_pipe_drop(self, query: Any) -> Any:
        self._match_text_seq("DROP")
        dropped = self._parse_csv(self._parse_id_var)
        query.select(exp.Star(except_=dropped), append=False, copy=False)
        return self._build_pipe_cte(query=query, expressions=[exp.Star()])

    def _parse_pipe_set(self, query: Any) -> Any:
        self._match_text_seq("SET")
        changed = [
            exp.alias_(one.expression, one.this.name, quoted=True) for one in self._parse_csv(self._parse_equality)
        ]
        query.select(exp.Star(replace=changed), append=False, copy=False)
        return self._build_pipe_cte(query=query, expressions=[exp.Star()])

    def _warn_unsupported(self) -> None:
        # The emulator refuses what the grammar does not know, so nothing is to be said on a logger.
        pass

    def _parse_table(self, *args: Any, **kwargs: Any) -> Any:
        # sqlglot knows WITH OFFSET after UNNEST only, not after an array's path (`FROM t, t.items WITH OFFSET AS i`).
        found = super()._parse_table(*args, **kwargs)
        if isinstance(found, exp.Table) and len(found.parts) > 1 and self._match_pair(TokenType.WITH, TokenType.OFFSET):
            self._match(TokenType.ALIAS)
            found.set("with_offset", self._parse_id_var(any_token=False) or exp.to_identifier("offset"))
        return found

    def _implicit_unnests_to_explicit(self, this: Any) -> Any:
        # What was noted on the path above moves to the UNNEST that sqlglot makes of it.
        paths = [(join.this.name, join.this.args.get("with_offset")) for join in this.args.get("joins") or ()]
        found = super()._implicit_unnests_to_explicit(this)
        for join, (name, offset) in zip(found.args.get("joins") or (), paths, strict=False):
            if isinstance(join.this, exp.Unnest) and name:
                if offset is not None:
                    join.this.set("offset", offset)
                if not join.this.args.get("alias"):
                    join.this.set("alias", exp.TableAlias(columns=[exp.to_identifier(name)]))
        return found

    def _parse_unnest(self, with_alias: bool = True) -> Any:
        # The vendor's override infers types here; the compiler does that itself, from the catalog.
        return BaseParser._parse_unnest(self, with_alias=with_alias)


class Words(BigQuery.Tokenizer):  # type: ignore[misc] # sqlglot is untyped here
    """A tokenizer for scripts: one token a word, and no statement swallowed whole."""

    COMMANDS: ClassVar[set[Any]] = set()
    KEYWORDS: ClassVar[dict[str, Any]] = {
        k: v for k, v in BigQuery.Tokenizer.KEYWORDS.items() if " " not in k and v not in BigQuery.Tokenizer.COMMANDS
    }


class ScriptSql(BigQuery):  # type: ignore[misc] # sqlglot is untyped here
    """The dialect whose tokens scripts are taken apart by."""

    Tokenizer = Words
    tokenizer_class = Words


class GoogleSql(BigQuery):  # type: ignore[misc] # sqlglot is untyped here
    """The dialect to hand to sqlglot."""

    Parser = GoogleSqlParser
    parser_class = GoogleSqlParser
