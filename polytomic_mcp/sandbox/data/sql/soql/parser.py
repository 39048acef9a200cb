"""The parser of SOQL, with one method for each rule of the language."""

from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.syntax import (
    Call,
    Comparison,
    Condition,
    Expression,
    Item,
    Junction,
    Membership,
    Negation,
    Order,
    Path,
    Query,
    Value,
)
from polytomic_mcp.sandbox.data.sql.soql.tokens import Token, tokenized

_RESERVED: Final = (
    *("AND", "ASC", "DESC", "FROM", "GROUP", "HAVING", "IN", "LIKE", "LIMIT", "NOT", "NULLS"),
    *("OFFSET", "OR", "ORDER", "SELECT", "WHERE"),
)
_OPERATORS: Final = ("=", "!=", "<>", "<", "<=", ">", ">=", "LIKE")


def parse(query: str) -> Query:
    """Parse a query; ``QueryError`` says what was expected instead of an unexpected token."""
    return _Parser(tokenized(query)).parse()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def parse(self) -> Query:
        query = self._query()
        is_ended = self._accept(";")
        while self._accept(";"):
            pass
        if is_ended and self._token.kind != "end":
            raise QueryError("Send one query; something else follows the semicolon.")
        if self._token.kind != "end":
            raise self._unexpected("the end of the query")
        return query

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _next_token(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, *words: str) -> bool:
        """Consume the words if they come next, and return whether they did."""
        ahead = self._tokens[self._next : self._next + len(words)]
        if len(ahead) == len(words) and all(map(Token.is_any, ahead, words)):
            self._next += len(words)
            return True
        return False

    def _require(self, *words: str) -> None:
        if not self._accept(*words):
            raise self._unexpected(" ".join(words))

    def _unexpected(self, expected: str) -> QueryError:
        token = self._token
        found = f"{token.text[:40]!r} at character {token.position}" if token.text else "end"
        return QueryError(f"Unexpected {found} of the SOQL query; expected {expected}.")

    def _query(self) -> Query:
        self._require("SELECT")
        items = self._listed_items()
        self._require("FROM")
        source, alias = self._name("an object"), self._alias()
        if self._token.is_any(","):
            raise QueryError(
                "The sandbox does not emulate SOQL's aliases of parents: write one object in FROM."
            )
        where = self._condition() if self._accept("WHERE") else None
        group_by = self._expressions() if self._accept("GROUP", "BY") else ()
        having = self._condition() if self._accept("HAVING") else None
        order_by = self._orders() if self._accept("ORDER", "BY") else ()
        limit = self._count() if self._accept("LIMIT") else None
        offset = self._count() if self._accept("OFFSET") else 0
        return Query(items, source, alias, where, group_by, having, order_by, limit, offset)

    def _listed_items(self) -> tuple[Item, ...]:
        items = [self._item()]
        while self._accept(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> Item:
        if self._token.is_any("*"):
            raise QueryError("SOQL has no SELECT *: name the fields, or write FIELDS(ALL) with LIMIT 200.")
        if self._accept("("):
            children = self._query()
            self._require(")")
            return Item(children)
        return Item(self._expression(), self._alias())

    def _alias(self) -> str | None:
        token = self._token
        is_alias = token.kind == "word" and token.text.upper() not in _RESERVED and "." not in token.text
        return self._next_token().text if is_alias else None

    def _name(self, expected: str) -> str:
        if self._token.kind != "word" or self._token.text.upper() in _RESERVED:
            raise self._unexpected(expected)
        return self._next_token().text

    def _expressions(self) -> tuple[Expression, ...]:
        found = [self._expression()]
        while self._accept(","):
            found.append(self._expression())
        return tuple(found)

    def _expression(self) -> Expression:
        name = self._name("a field")
        if not self._accept("("):
            return Path(tuple(name.split(".")))
        path = None if self._token.is_any(")") else Path(tuple(self._name("a field").split(".")))
        self._require(")")
        return Call(name.upper(), path)

    def _orders(self) -> tuple[Order, ...]:
        found = [self._order()]
        while self._accept(","):
            found.append(self._order())
        return tuple(found)

    def _order(self) -> Order:
        expression = self._expression()
        is_descending = self._accept("DESC")
        if not is_descending:
            self._accept("ASC")
        is_null_last = self._accept("NULLS", "LAST")
        if not is_null_last:
            self._accept("NULLS", "FIRST")
        return Order(expression, is_descending, is_null_last)

    def _count(self) -> int:
        if self._token.kind != "number" or not self._token.text.isdecimal():
            raise self._unexpected("a whole number")
        return int(self._next_token().text)

    def _condition(self) -> Condition:
        conditions = [self._single()]
        operator = self._token.text.upper()
        if operator not in ("AND", "OR"):
            return conditions[0]
        while self._accept(operator):
            conditions.append(self._single())
        if self._token.is_any("AND", "OR"):
            raise self._unexpected(f"{operator}, or parentheses around the conditions that AND and OR join")
        return Junction(operator, tuple(conditions))

    def _single(self) -> Condition:
        if self._accept("NOT"):
            return Negation(self._single())
        if self._accept("("):
            condition = self._condition()
            self._require(")")
            return condition
        expression = self._expression()
        if self._accept("NOT", "IN"):
            return Negation(self._membership(expression))
        if self._accept("IN"):
            return self._membership(expression)
        if not self._token.is_any(*_OPERATORS):
            raise self._unexpected("an operator")
        operator = self._next_token().text.upper()
        return Comparison(expression, "!=" if operator == "<>" else operator, self._value())

    def _membership(self, expression: Expression) -> Membership:
        self._require("(")
        choices = self._query() if self._token.is_any("SELECT") else self._values()
        self._require(")")
        return Membership(expression, choices)

    def _values(self) -> tuple[Value, ...]:
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        return tuple(values)

    def _value(self) -> Value:
        match self._token.kind:
            case "text" | "number" | "date" | "datetime" as kind:
                return Value(kind, self._next_token().text)
            case "word":
                return self._word()
            case _:
                raise self._unexpected("a value")

    def _word(self) -> Value:
        word = self._next_token().text.upper()
        if word == "NULL":
            return Value("null", word)
        if word in ("TRUE", "FALSE"):
            return Value("boolean", word)
        return Value("date_literal", word, self._count() if self._accept(":") else None)
