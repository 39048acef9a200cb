"""A table of types: columns of real servers, with values that a careless copy would change."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """A type, and values of it as SQL."""

    type: str
    values: tuple[str, ...]


def kind(type_: str, *values: str) -> Kind:
    return Kind(type_, values)


def texts(type_: str, *values: str) -> Kind:
    """Return a kind whose values are written as texts."""
    return Kind(type_, tuple("'" + value.replace("'", "''") + "'" for value in values))


POSTGRESQL: Final = (
    texts("bigint", "9007199254740993", "-9223372036854775808", "9223372036854775807"),
    texts("integer", "2147483647", "-2147483648"),
    texts("smallint", "-32768"),
    texts("oid", "4294967295"),
    texts("numeric(20,4)", "1234567890123456.7891", "-0.0001", "NaN"),
    texts("numeric", "1.10", "123456789012345678901234567890.123456789012345", "1e-20", "0.00"),
    texts("numeric", "NaN", "Infinity", "-Infinity"),
    texts("numeric(60,20)", "1234567890123456789012345678901234567890.12345678901234567890"),
    texts("numeric(5,-2)", "12300"),
    texts("numeric(3,5)", "0.00123"),
    texts("numeric(10,2)[]", "{1.10,NULL,99999999.99,NaN}"),
    texts("numeric[]", "{1.10,123456789012345678.123456789}"),
    texts("real", "0.1", "3.4028235e+38", "1.17549435e-38", "-0", "16777217"),
    texts("real", "NaN", "Infinity", "-Infinity"),
    texts("double precision", "0.1", "1.7976931348623157e308", "5e-324", "-0", "1e22", "0.30000000000000004"),
    texts("double precision", "NaN", "Infinity", "-Infinity"),
    texts("boolean", "true", "false"),
    texts("text", "", " ", "Zoë 😀 ' \" \\ %s \n\t", "null", "007", "NULL"),
    texts("character varying(5)", "ab   ", "é😀é"),
    texts("character(5)", "ab", "", "abcde"),
    texts('"char"', "a"),
    texts("name", "a name"),
    texts("bytea", "\\x", "\\x00ff5c27", "\\x80"),
    texts("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    texts("inet", "10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"),
    texts("cidr", "10.0.0.0/8"),
    texts("macaddr", "08:00:2b:01:02:03"),
    texts("macaddr8", "08:00:2b:01:02:03:04:05"),
    texts("interval", "1 year 2 mons -3 days 04:05:06.000007", "-1 days +02:03:04", "00:00:00"),
    texts("interval(0)", "04:05:06"),
    texts("time", "24:00:00", "01:02:03.000004", "00:00:00"),
    texts("time(0)", "01:02:03"),
    texts("time with time zone", "01:02:03.5+05:30", "24:00:00-12"),
    texts("date", "0044-03-15 BC", "9999-12-31", "10000-01-01", "infinity", "-infinity", "0001-01-01"),
    texts("date", "2024-02-29"),
    texts("timestamp", "2026-01-02 03:04:05.000006", "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.9"),
    texts("timestamp", "0044-03-15 10:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity"),
    texts("timestamp(3)", "2026-01-02 03:04:05.678"),
    texts(
        "timestamp with time zone", "2026-01-02 03:04:05.123456+05:30", "2026-10-25 01:30:00 Europe/Berlin"
    ),
    texts("timestamp with time zone", "0044-03-15 10:00:00+00 BC", "12026-01-01 00:00:00+00", "infinity"),
    texts("bit(3)", "101"),
    texts("bit varying(9)", "1", "101010101", ""),
    texts("bit varying", "000111000111"),
    texts("money", "-1234567.89"),
    texts("json", '{"a":  1.10, "a": 2}', "null", "5", '"text"', '"5"', "true", "[1, null, []]", "{}"),
    texts("json", "12345678901234567890.123", '{"n": 9007199254740993, "d": 1234567890123456.7891}', '"[1]"'),
    texts("jsonb", '{"a": 1.10, "b": null}', "null", "5", '"text"', "false", "[]", '[[1], {"c": "é😀"}]'),
    texts("jsonb", "1e400", "12345678901234567890.123", "9007199254740993", '"null"', '"{}"'),
    texts("jsonb[]", '{"{\\"a\\": 1.10}",NULL}'),
    texts("integer[]", "{{1,NULL},{3,4}}", "{}", "{1}", "{NULL}"),
    texts("bigint[]", "{9007199254740993,-1}"),
    texts("text[]", '{"a,b","c\\"d",NULL,"NULL","","{}"," "}', '{{"a"},{"b"}}'),
    texts("boolean[]", "{t,f,NULL}"),
    texts("double precision[]", "{0.1,NaN,-Infinity,NULL}"),
    texts("real[]", "{0.1,NaN}"),
    texts("timestamp with time zone[]", '{"2026-01-02 03:04:05+02",NULL}'),
    texts("timestamp[]", '{"2026-01-02 03:04:05.5",infinity}'),
    texts("date[]", "{2026-01-02,NULL,infinity}"),
    texts("uuid[]", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"),
    texts("bytea[]", '{"\\\\x00ff",NULL}'),
    texts("inet[]", "{10.0.0.1,NULL}"),
    texts("interval[]", '{"1 day 02:03:04",NULL}'),
    texts("int4range", "[1,5)", "empty", "(,3)"),
    texts("tstzrange", '["2026-01-01 00:00:00+00",)'),
    texts("point", "(1.5,2)"),
    texts("tsvector", "'a' 'b':2"),
    texts("xml", "<a>b</a>"),
    texts("mood", "sad", "o'k"),
    texts("mood[]", "{sad,NULL}"),
    texts("short", "3.3"),
    texts("pair", "(1,x)"),
)
"""Types of PostgreSQL; ``mood`` is an enum, ``short`` a domain and ``pair`` a composite type."""

MYSQL: Final = (
    kind("tinyint(1)", "2", "0", "1", "-128"),
    kind("boolean", "true", "false"),
    kind("tinyint unsigned", "255"),
    kind("smallint unsigned", "65535"),
    kind("mediumint", "-8388608"),
    kind("int unsigned", "4294967295"),
    kind("int(5) zerofill", "42"),
    kind("bigint", "9007199254740993", "-9223372036854775808"),
    kind("bigint unsigned", "18446744073709551615"),
    kind("decimal(20,4)", "1234567890123456.7891", "-0.0001"),
    kind("decimal(65,30)", "12345678901234567890123456789012345.123456789012345678901234567890"),
    kind("float", "0.1", "16777216", "3.40282e38", "1.2345678"),
    kind("double", "0.1", "1.7976931348623157e308", "5e-324", "0.30000000000000004", "1e22"),
    kind("bit(1)", "b'1'", "b'0'"),
    kind("bit(10)", "b'1000000001'"),
    kind("char(5)", "'ab'", "''"),
    kind("varchar(5)", "'ab   '", "'é😀é'"),
    kind("text", "''", "' '", "'Zoë 😀 \\' \\\" \\\\ %s \\n'", "'null'", "'007'"),
    kind("longtext", "'a\\0b'"),
    kind("binary(4)", "x'00ff'", "x'20202020'"),
    kind("varbinary(9)", "x''", "x'00ff5c27'"),
    kind("blob", "x'80'", "x''"),
    kind("date", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'"),
    kind("date", "'0000-00-00'", "'2026-00-00'"),
    kind("datetime", "'2026-01-02 03:04:05'", "'9999-12-31 23:59:59'"),
    kind("datetime(6)", "'2026-01-02 03:04:05.000006'", "'0000-00-00 00:00:00'"),
    kind("timestamp(3)", "'2026-01-02 03:04:05.678'"),
    kind("time(6)", "'838:59:59'", "'-101:02:03.000004'", "'00:00:00'"),
    kind("year", "2026", "0", "1901", "2155"),
    kind("enum('a','it''s','')", "'it''s'", "''"),
    kind("set('a','b','c')", "'a,c'", "''"),
    kind("json", '\'{"a":  1.10, "b": null}\'', "'null'", "'5'", "'\"text\"'", "'[1, [], {}]'", "'\"5\"'"),
    kind("json", "'12345678901234567890.123'", "'{\"n\": 9007199254740993}'", "'true'"),
    kind("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
    kind("inet6", "'2001:db8::1'"),
    kind("point", "POINT(1.5, 2)"),
)
"""Types of MySQL and MariaDB."""
