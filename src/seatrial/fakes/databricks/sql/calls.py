"""Calls of functions: which entry of the tables is meant, and its text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from seatrial.fakes.databricks.sql import arithmetic, casting, types
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import failure
from seatrial.fakes.databricks.sql.functions import FUNCTIONS, UNSERVED, Function, literals
from seatrial.fakes.databricks.sql.functions.entry import SLOT
from seatrial.fakes.databricks.sql.names import quoted
from seatrial.fakes.databricks.sql.typing import arguments

if TYPE_CHECKING:
    import re
    from collections.abc import Callable


@dataclass(frozen=True)
class Call:
    """A call and the way to make it."""

    node: exp.Anonymous
    function: Function

    @cached_property
    def distinct(self) -> str:
        """What stands before the first argument."""
        found = self.node.expressions
        return "DISTINCT " if len(found) == 1 and isinstance(found[0], exp.Distinct) else ""

    def core(self, generator: Any) -> str:
        """Its text, without what goes around the window of an aggregate."""
        nodes = arguments(self.node)
        if self.distinct:
            if not self.function.aggregate or len(nodes) > 1:
                raise NotServed(f"DISTINCT in {self.function.name}() with this")
            if " FILTER (" in self.function.sql:
                return self._distinct_list(generator, nodes[0])
        for index, kind in self.function.literal.items():
            self._literal(nodes[index], kind)
        special = _SPECIAL.get(self.function.returns)
        if special is not None:
            return special(generator, nodes)
        text = str(SLOT.sub(lambda match: self._slot(generator, nodes, match), self.function.sql))
        if self.function.sql.startswith(("first_value", "last_value")) and not self._is_windowed():
            return text.replace("_value", "", 1)  # duckdb has these for windows only
        return text

    def _is_windowed(self) -> bool:
        node: exp.Expr | None = self.node.parent
        while isinstance(node, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
            node = node.parent
        return isinstance(node, exp.Window)

    def _distinct_list(self, generator: Any, node: exp.Expr) -> str:
        text = generator.sql(node)
        return f"list(DISTINCT {text}) FILTER (WHERE {text} IS NOT NULL)"

    def _slot(self, generator: Any, nodes: list[exp.Expr], match: re.Match[str]) -> str:
        place, turned = match[1], match[2]
        if place == "*":
            return self.distinct + ", ".join(turn(generator, node, turned) for node in nodes)
        index = int(place)
        if index in self.function.literal:
            return self._literal(nodes[index], self.function.literal[index])
        first = self.distinct if index == 0 and match.start() == self.function.sql.find("$0") else ""
        return first + turn(generator, nodes[index], turned)

    def _literal(self, node: exp.Expr, kind: str) -> str:
        if not isinstance(node, exp.Literal):
            raise NotServed(f"{self.function.name}() with a {kind} that is no literal")
        return literals.KINDS[kind](node.name)

    def completed(self, text: str) -> str:
        """The whole text, once the window is at it."""
        around = self.function.around
        if around in ("sum", "avg"):
            return _aggregated(self.node, text)
        return around.replace("@", text)


def _aggregated(node: exp.Anonymous, text: str) -> str:
    digits = arithmetic.declared(node.type)
    if digits is not None:
        return f"CAST({text} AS DECIMAL({digits[0]}, {digits[1]}))"
    return f"CAST({text} AS BIGINT)" if arithmetic.is_a(node, exp.DType.BIGINT) else text


def turn(generator: Any, node: exp.Expr, kind: str) -> str:
    """An argument as its slot wants it."""
    if kind == "s":
        return casting.as_text(generator, node) if arithmetic.is_known(node) else str(generator.sql(node))
    text: str = generator.sql(node)
    if kind == "d":
        return text if arithmetic.is_a(node, exp.DType.DATE) else f"CAST({text} AS DATE)"
    if kind == "t":
        return text if arithmetic.is_a(node, exp.DType.TIMESTAMPTZ) else f"CAST({text} AS TIMESTAMPTZ)"
    if kind == "n":
        return f"CAST({text} AS DOUBLE)"
    if kind == "i":
        whole = arithmetic.is_whole(node)
        return f"CAST({text} AS INTEGER)" if whole else f"CAST(dbx_integral({text}, 'INT') AS INTEGER)"
    return f"CAST({text} AS BOOLEAN)" if kind == "b" else text


def resolved(node: exp.Anonymous) -> Call:
    """The function that a call means.

    Raises:
        NotServed: Databricks has it, and it is not served.
        SqlFailure: Databricks has no such function, or it takes another number of arguments.
    """
    name = node.name.lower()
    found = _BY_TYPE.get(name) or FUNCTIONS.get(name, ())
    if not found:
        if name in UNSERVED:
            raise NotServed(f"the function {name}()")
        raise failure(
            "UNRESOLVED_ROUTINE",
            f"Cannot resolve routine {quoted(name)} on search path [`system`.`builtin`, `system`.`session`].",
        )
    count = len(arguments(node))
    for function in found:
        if function.takes(count):
            return Call(node, function)
    raise _miscalled(name, count)


def _miscalled(name: str, count: int) -> Exception:
    if name in UNSERVED or (name in FUNCTIONS and count > 1):
        return NotServed(f"the function {name}() with {count} arguments")
    return failure(
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", f"The {quoted(name)} requires another number of parameters."
    )


def joined(generator: Any, nodes: list[exp.Expr]) -> str:
    """`||` and `concat()`: of arrays, or of texts, where one NULL makes all of it NULL."""
    if any(arithmetic.is_a(node, exp.DType.ARRAY) for node in nodes):
        texts = [str(generator.sql(node)) for node in nodes]
        made = texts[0]
        for text in texts[1:]:
            made = f"list_concat({made}, {text})"
        return made
    return "(" + " || ".join(casting.as_text(generator, node) for node in nodes) + ")"


def element(generator: Any, subject: exp.Expr, key: exp.Expr, macro: str) -> str:
    """One element of an array, or the value for a key of a map."""
    place = generator.sql(key)
    if arithmetic.is_a(subject, exp.DType.MAP):
        return f"map_extract_value({generator.sql(subject)}, {place})"
    if arithmetic.is_text(key) or arithmetic.is_a(subject, exp.DType.VARIANT):
        if arithmetic.is_known(subject):
            raise NotServed("this key in brackets")
        return f"({generator.sql(subject)})[{place}]"
    if not (arithmetic.is_a(subject, exp.DType.ARRAY) or arithmetic.is_whole(key)):
        raise NotServed("an index of what is not known to be an array or a map")
    return f"{macro}({generator.sql(subject)}, {place})"


def json_path(node: exp.JSONExtract) -> str:
    """The path behind a colon as duckdb writes it."""
    path = node.expression
    if not isinstance(path, exp.JSONPath):
        raise NotServed("a path of JSON that is no literal")
    made = "$"
    for part in path.expressions[1:]:
        if isinstance(part, exp.JSONPathKey) and isinstance(part.this, str):
            made += f'."{part.this}"'
        elif isinstance(part, exp.JSONPathSubscript) and isinstance(part.this, int):
            made += f"[{part.this}]"
        else:
            raise NotServed("a wildcard in a path of JSON")
    return made


def extract(generator: Any, node: exp.Extract) -> str:
    """`EXTRACT(part FROM moment)`."""
    part = node.this.name.upper()
    inner = generator.sql(node, "expression")
    moment = f"CAST({inner} AS TIMESTAMPTZ)"
    if part in ("DAYOFWEEK", "DOW"):
        return f"CAST(dayofweek({moment}) + 1 AS INTEGER)"
    return f"CAST(date_part({literals.KINDS['field'](part)}, {moment}) AS INTEGER)"


def _map(generator: Any, nodes: list[exp.Expr]) -> str:
    if len(nodes) % 2:
        raise failure("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "The `map` requires 2n (n > 0) parameters.")
    texts = [generator.sql(node) for node in nodes]
    return f"map([{', '.join(texts[::2])}], [{', '.join(texts[1::2])}])"


def _named_struct(generator: Any, nodes: list[exp.Expr]) -> str:
    if any(not isinstance(node, exp.Literal) for node in nodes[::2]):
        raise NotServed("named_struct() with a name that is no literal")
    pairs = zip(nodes[::2], nodes[1::2], strict=False)
    return _packed([(name.name, generator.sql(value)) for name, value in pairs])


def _struct(generator: Any, nodes: list[exp.Expr]) -> str:
    if isinstance(nodes[0].parent, exp.Anonymous) and nodes[0].parent.name.lower() == "named_struct":
        return _named_struct(generator, nodes)
    return _packed([_field(generator, node, n) for n, node in enumerate(nodes, 1)])


def _field(generator: Any, node: exp.Expr, n: int) -> tuple[str, str]:
    if isinstance(node, exp.Alias):
        return node.alias, generator.sql(node, "this")
    name = node.name if isinstance(node, (exp.Column, exp.Dot)) else f"col{n}"
    return name, generator.sql(node)


def _packed(fields: list[tuple[str, str]]) -> str:
    return "struct_pack(" + ", ".join(f"{types.double_quoted(name)} := {text}" for name, text in fields) + ")"


def _size(generator: Any, nodes: list[exp.Expr]) -> str:
    text = generator.sql(nodes[0])
    counted = f"cardinality({text})" if arithmetic.is_a(nodes[0], exp.DType.MAP) else f"len({text})"
    return f"CAST({counted} AS INTEGER)"


def _reverse(generator: Any, nodes: list[exp.Expr]) -> str:
    if arithmetic.is_a(nodes[0], exp.DType.ARRAY):
        return f"list_reverse({generator.sql(nodes[0])})"
    return f"reverse({casting.as_text(generator, nodes[0])})"


def _element_at(generator: Any, nodes: list[exp.Expr]) -> str:
    return element(generator, nodes[0], nodes[1], "dbx_element")


def _try_element_at(generator: Any, nodes: list[exp.Expr]) -> str:
    return element(generator, nodes[0], nodes[1], "list_extract")


def _special(name: str, mark: str, sql: str, least: int = 0) -> tuple[Function, ...]:
    return (Function(name=name, sql=sql, returns=mark, least=least),)


_SPECIAL: dict[str, Callable[[Any, list[exp.Expr]], str]] = {
    "map": _map,
    "struct": _struct,
    "size": _size,
    "reverse": _reverse,
    "element": _element_at,
    "tried element": _try_element_at,
    "joined": joined,
}
_BY_TYPE: dict[str, tuple[Function, ...]] = {
    # With a space before it, which nobody can write: what the tree itself needs.
    " positions": (
        Function(name="posexplode", sql="CAST(unnest(range(len($0))) AS INTEGER)", returns="INT"),
    ),
    " range": (
        Function(name="range", sql="unnest(range($0))", returns="BIGINT"),
        Function(name="range", sql="unnest(range($0, $1))", returns="BIGINT"),
        Function(name="range", sql="unnest(range($0, $1, $2))", returns="BIGINT"),
    ),
    "size": _special("size", "size", "$0"),
    "cardinality": _special("cardinality", "size", "$0"),
    "reverse": _special("reverse", "reverse", "$0"),
    "element_at": _special("element_at", "element", "$0 $1"),
    "try_element_at": _special("try_element_at", "tried element", "$0 $1"),
    "concat": _special("concat", "joined", "$*", 1),
    "map": _special("map", "map", "$*"),
    "named_struct": _special("named_struct", "struct", "$*", 2),
    "struct": _special("struct", "struct", "$*", 1),
}
