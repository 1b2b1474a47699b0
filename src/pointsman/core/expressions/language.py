"""The words of the language: types, functions, relations, operators; the reference page lists the same."""

import ast
from typing import Literal

from pointsman.core.expressions.tree import FunctionName, Operator, Relation

Type = Literal["bool", "number", "text", "texts", "list", "null", "broken"]
"""What an expression yields; `broken` is one with a mistake of its own, about which nothing more is said."""

NOUNS: dict[Type, str] = {
    "bool": "true or false",
    "number": "a number",
    "text": "a text",
    "texts": "a set of texts",
    "list": "a list",
    "null": "null",
    "broken": "nothing",
}

FUNCTIONS: dict[FunctionName, tuple[tuple[Type, ...], Type]] = {
    "lower": (("text",), "text"),
    "starts_with": (("text", "text"), "bool"),
    "ends_with": (("text", "text"), "bool"),
    "contains": (("text", "text"), "bool"),
    "len": (("texts",), "number"),
    "min": (("number", "number"), "number"),
    "max": (("number", "number"), "number"),
}
"""Name: types of the arguments, type of the result. `len` also takes a text, `min` and `max` take 2 to 8 numbers."""

MOST_ARGUMENTS = 8

RELATIONS: dict[type[ast.cmpop], Relation] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
OPERATORS: dict[type[ast.operator], Operator] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
