"""Functions of text."""

from __future__ import annotations

from seatrial.fakes.databricks.sql.functions.entry import either, one

_LENGTH = one("CAST(length($0s) AS INTEGER)", "INT")
_SUBSTRING = either(
    one("substring($0s, CASE WHEN $1i = 0 THEN 1 ELSE $1i END)", "STRING"),
    one("dbx_substring($0s, $1i, $2i)", "STRING"),
)
_REGEXP_LIKE = one("regexp_matches($0s, $1s)", "BOOLEAN")
_LISTED = "ARRAY<STRING>"

TABLE = {
    "upper": one("upper($0s)", "STRING"),
    "ucase": one("upper($0s)", "STRING"),
    "lower": one("lower($0s)", "STRING"),
    "lcase": one("lower($0s)", "STRING"),
    "length": _LENGTH,
    "len": _LENGTH,
    "char_length": _LENGTH,
    "character_length": _LENGTH,
    "octet_length": one("CAST(strlen($0s) AS INTEGER)", "INT"),
    "trim": either(one("trim($0s, ' ')", "STRING"), one("trim($1s, $0s)", "STRING")),
    "btrim": either(one("trim($0s, ' ')", "STRING"), one("trim($0s, $1s)", "STRING")),
    "ltrim": either(one("ltrim($0s, ' ')", "STRING"), one("ltrim($1s, $0s)", "STRING")),
    "rtrim": either(one("rtrim($0s, ' ')", "STRING"), one("rtrim($1s, $0s)", "STRING")),
    "substring": _SUBSTRING,
    "substr": _SUBSTRING,
    "mid": _SUBSTRING,
    "left": one("left($0s, greatest($1i, 0))", "STRING"),
    "right": one("right($0s, greatest($1i, 0))", "STRING"),
    "replace": either(one("replace($0s, $1s, '')", "STRING"), one("dbx_replace($0s, $1s, $2s)", "STRING")),
    "translate": one("translate($0s, $1s, $2s)", "STRING"),
    "instr": one("CAST(strpos($0s, $1s) AS INTEGER)", "INT"),
    "locate": one("CAST(strpos($1s, $0s) AS INTEGER)", "INT"),
    "position": one("CAST(strpos($1s, $0s) AS INTEGER)", "INT"),
    "charindex": one("CAST(strpos($1s, $0s) AS INTEGER)", "INT"),
    "contains": one("contains($0s, $1s)", "BOOLEAN"),
    "startswith": one("starts_with($0s, $1s)", "BOOLEAN"),
    "endswith": one("ends_with($0s, $1s)", "BOOLEAN"),
    "concat_ws": one("concat_ws($*s)", "STRING", least=2),
    "lpad": either(one("dbx_lpad($0s, $1i, ' ')", "STRING"), one("dbx_lpad($0s, $1i, $2s)", "STRING")),
    "rpad": either(one("dbx_rpad($0s, $1i, ' ')", "STRING"), one("dbx_rpad($0s, $1i, $2s)", "STRING")),
    "repeat": one("repeat($0s, $1i)", "STRING"),
    "space": one("repeat(' ', $0i)", "STRING"),
    "initcap": one("dbx_initcap($0s)", "STRING"),
    "ascii": one("CAST(ascii($0s) AS INTEGER)", "INT"),
    "chr": one("chr($0i % 256)", "STRING"),
    "char": one("chr($0i % 256)", "STRING"),
    "split": one("string_split_regex($0s, $1s)", _LISTED),
    "split_part": one("dbx_split_part($0s, $1s, $2i)", "STRING"),
    "substring_index": one("dbx_substring_index($0s, $1s, $2i)", "STRING"),
    "regexp_like": _REGEXP_LIKE,
    "rlike": _REGEXP_LIKE,
    "regexp": _REGEXP_LIKE,
    "regexp_replace": one("regexp_replace($0s, $1s, $2, 'g')", "STRING", literal={2: "replacement"}),
    "regexp_extract": either(
        one("regexp_extract($0s, $1s, 1)", "STRING"), one("regexp_extract($0s, $1s, $2i)", "STRING")
    ),
    "regexp_extract_all": either(
        one("regexp_extract_all($0s, $1s, 1)", _LISTED), one("regexp_extract_all($0s, $1s, $2i)", _LISTED)
    ),
    "regexp_count": one("CAST(len(regexp_extract_all($0s, $1s)) AS INTEGER)", "INT"),
    "levenshtein": one("CAST(levenshtein($0s, $1s) AS INTEGER)", "INT"),
    "md5": one("md5($0s)", "STRING"),
    "sha": one("sha1($0s)", "STRING"),
    "sha1": one("sha1($0s)", "STRING"),
    "sha2": one("sha256($0s)", "STRING", literal={1: "sha256"}),
    "base64": one("to_base64(dbx_bytes($0))", "STRING"),
    "unbase64": one("from_base64($0s)", "BINARY"),
    "hex": one("hex($0)", "STRING"),
    "unhex": one("unhex($0s)", "BINARY"),
    "encode": one("encode($0s)", "BINARY", literal={1: "utf-8"}),
    "uuid": one("CAST(uuid() AS VARCHAR)", "STRING"),
    "format_number": one("dbx_format_number($0n, $1i)", "STRING"),
    "json_array_length": one(
        "CASE WHEN json_valid($0s) AND json_type($0s) = 'ARRAY' "
        "THEN CAST(json_array_length($0s) AS INTEGER) END",
        "INT",
    ),
    "get_json_object": one(
        "CASE WHEN json_valid($0s) THEN json_extract_string($0s, $1) END", "STRING", literal={1: "json path"}
    ),
    "parse_json": one("CAST($0s AS JSON)", "VARIANT"),
    "try_parse_json": one("TRY_CAST($0s AS JSON)", "VARIANT"),
    "from_json": one(
        "CASE WHEN json_valid($0s) THEN from_json($0s, $1) END", "?", literal={1: "json schema"}
    ),
}
