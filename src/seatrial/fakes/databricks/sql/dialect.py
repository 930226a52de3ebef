"""Databricks' SQL as it is read here: every function stays the call that was written.

The parser would otherwise turn functions into its own notions of them, and what duckdb makes of these is
often something else than what Databricks answers. Here functions mean what the tables in `functions` say.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import TokenType
from sqlglot.dialects.databricks import Databricks
from sqlglot.parsers.databricks import DatabricksParser

_WRITTEN_WITH_WORDS = frozenset({"CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "OVERLAY"})


class Source(Databricks):
    """What statements are read with."""

    class Tokenizer(Databricks.Tokenizer):
        """With words as words: by default the rest of some statements is one text."""

        COMMANDS: ClassVar[set[TokenType]] = set()

    class Parser(DatabricksParser):
        """Without knowledge of functions, apart from those whose arguments are written with words."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        ARRAY_CONSTRUCTORS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar = {
            name: parser
            for name, parser in DatabricksParser.FUNCTION_PARSERS.items()
            if name in _WRITTEN_WITH_WORDS
        }
        NO_PAREN_FUNCTION_PARSERS: ClassVar = {
            name: parser
            for name, parser in DatabricksParser.NO_PAREN_FUNCTION_PARSERS.items()
            if name in {"CASE", "ANY"}
        }
        NO_PAREN_FUNCTIONS: ClassVar = {
            token: kind
            for token, kind in DatabricksParser.NO_PAREN_FUNCTIONS.items()
            if token in {TokenType.CURRENT_DATE, TokenType.CURRENT_TIMESTAMP, TokenType.CURRENT_USER}
        }
