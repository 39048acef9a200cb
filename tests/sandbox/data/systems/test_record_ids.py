"""The keys that applications give to new records, each in its own form."""

import re

import pytest

from polytomic_mcp.sandbox.data.systems.record_ids import KeyForm, checked, new_key
from polytomic_mcp.sandbox.data.tables.table import Column

TEXT = Column("id", "string", "VARCHAR")
NUMBER = Column("id", "number", "BIGINT")


@pytest.mark.parametrize(
    ("form", "name", "pattern"),
    [
        ("salesforce", "Contact", r"003[A-Za-z0-9]{15}"),
        ("salesforce", "Account", r"001[A-Za-z0-9]{15}"),
        ("salesforce", "Opportunity", r"006[A-Za-z0-9]{15}"),
        ("salesforce", "Survey__c", r"a00[A-Za-z0-9]{15}"),
        ("digits", "contacts", r"\d{1,15}"),
        ("airtable", "base.table", r"rec[A-Za-z0-9]{14}"),
        ("hexadecimal", "app.users", r"[0-9a-f]{24}"),
        (None, "things", r"[0-9a-f-]{36}"),
    ],
)
def test_a_new_key_has_the_form_of_its_application(form: KeyForm | None, name: str, pattern: str) -> None:
    keys = {new_key(form, name, TEXT) for _ in range(100)}

    assert len(keys) == 100
    assert all(re.fullmatch(pattern, key) for key in keys)


def test_a_numeric_key_is_a_number_whatever_the_form() -> None:
    assert isinstance(new_key("digits", "people", NUMBER), int)


@pytest.mark.parametrize("id_", ["001Sb00000tDCAAIA4", "701Sb00000ERzxUIAT", "00TSb00000CJR1jMAH"])
def test_a_salesforce_id_ends_in_a_checksum_of_its_capitals(id_: str) -> None:
    assert checked(id_[:15]) == id_


def test_a_new_salesforce_id_has_a_valid_checksum() -> None:
    key = new_key("salesforce", "Lead", TEXT)

    assert checked(key[:15]) == key
