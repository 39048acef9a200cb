"""SOQL, read into its syntax: one method for each rule of the language."""

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
    """Read a query; ``QueryError`` says what stands where something else is wanted."""
    return _Parser(tokenized(query)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def whole(self) -> Query:
        query = self._query()
        if self._token.kind != "end":
            raise self._unexpected("the end of the query")
        return query

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _takes(self, *words: str) -> bool:
        """Take the words if they come next, one after the other."""
        ahead = self._tokens[self._next : self._next + len(words)]
        if len(ahead) == len(words) and all(map(Token.reads, ahead, words)):
            self._next += len(words)
            return True
        return False

    def _require(self, *words: str) -> None:
        if not self._takes(*words):
            raise self._unexpected(" ".join(words))

    def _unexpected(self, wanted: str) -> QueryError:
        token = self._token
        seen = f"{token.text[:40]!r} at character {token.place}" if token.text else "the end of the query"
        return QueryError(f"Unexpected {seen} of the SOQL; {wanted} is wanted there")

    def _query(self) -> Query:
        self._require("SELECT")
        items = self._listed_items()
        self._require("FROM")
        source, alias = self._name("an object"), self._alias()
        if self._token.reads(","):
            raise QueryError("The sandbox does not emulate SOQL's aliases of parents: FROM takes one object")
        where = self._condition() if self._takes("WHERE") else None
        group_by = self._expressions() if self._takes("GROUP", "BY") else ()
        having = self._condition() if self._takes("HAVING") else None
        order_by = self._orders() if self._takes("ORDER", "BY") else ()
        limit = self._count() if self._takes("LIMIT") else None
        offset = self._count() if self._takes("OFFSET") else 0
        return Query(items, source, alias, where, group_by, having, order_by, limit, offset)

    def _listed_items(self) -> tuple[Item, ...]:
        items = [self._item()]
        while self._takes(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> Item:
        if self._token.reads("*"):
            raise QueryError("SOQL has no SELECT *: name the fields, or write FIELDS(ALL) with LIMIT 200")
        if self._takes("("):
            children = self._query()
            self._require(")")
            return Item(children)
        return Item(self._expression(), self._alias())

    def _alias(self) -> str | None:
        token = self._token
        is_alias = token.kind == "word" and token.text.upper() not in _RESERVED and "." not in token.text
        return self._take().text if is_alias else None

    def _name(self, wanted: str) -> str:
        if self._token.kind != "word" or self._token.text.upper() in _RESERVED:
            raise self._unexpected(wanted)
        return self._take().text

    def _expressions(self) -> tuple[Expression, ...]:
        found = [self._expression()]
        while self._takes(","):
            found.append(self._expression())
        return tuple(found)

    def _expression(self) -> Expression:
        name = self._name("a field")
        if not self._takes("("):
            return Path(tuple(name.split(".")))
        path = None if self._token.reads(")") else Path(tuple(self._name("a field").split(".")))
        self._require(")")
        return Call(name.upper(), path)

    def _orders(self) -> tuple[Order, ...]:
        found = [self._order()]
        while self._takes(","):
            found.append(self._order())
        return tuple(found)

    def _order(self) -> Order:
        expression = self._expression()
        is_descending = self._takes("DESC")
        if not is_descending:
            self._takes("ASC")
        is_null_last = self._takes("NULLS", "LAST")
        if not is_null_last:
            self._takes("NULLS", "FIRST")
        return Order(expression, is_descending, is_null_last)

    def _count(self) -> int:
        if self._token.kind != "number" or not self._token.text.isdecimal():
            raise self._unexpected("a whole number")
        return int(self._take().text)

    def _condition(self) -> Condition:
        conditions = [self._single()]
        operator = self._token.text.upper()
        if operator not in ("AND", "OR"):
            return conditions[0]
        while self._takes(operator):
            conditions.append(self._single())
        if self._token.reads("AND", "OR"):
            raise self._unexpected(f"{operator}, or parentheses around what AND and OR join,")
        return Junction(operator, tuple(conditions))

    def _single(self) -> Condition:
        if self._takes("NOT"):
            return Negation(self._single())
        if self._takes("("):
            condition = self._condition()
            self._require(")")
            return condition
        expression = self._expression()
        if self._takes("NOT", "IN"):
            return Negation(self._membership(expression))
        if self._takes("IN"):
            return self._membership(expression)
        if not self._token.reads(*_OPERATORS):
            raise self._unexpected("an operator")
        operator = self._take().text.upper()
        return Comparison(expression, "!=" if operator == "<>" else operator, self._value())

    def _membership(self, expression: Expression) -> Membership:
        self._require("(")
        choices = self._query() if self._token.reads("SELECT") else self._values()
        self._require(")")
        return Membership(expression, choices)

    def _values(self) -> tuple[Value, ...]:
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        return tuple(values)

    def _value(self) -> Value:
        match self._token.kind:
            case "text" | "number" | "date" | "datetime" as kind:
                return Value(kind, self._take().text)
            case "word":
                return self._word()
            case _:
                raise self._unexpected("a value")

    def _word(self) -> Value:
        word = self._take().text.upper()
        if word == "NULL":
            return Value("null", word)
        if word in ("TRUE", "FALSE"):
            return Value("boolean", word)
        return Value("period", word, self._count() if self._takes(":") else None)
