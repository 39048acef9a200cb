"""Validation of web and email addresses."""

from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    """Return whether a text is an http or https URL."""
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname)


def is_email_address(text: str) -> bool:
    """Return whether a text has the form of an email address."""
    name, _, domain = text.partition("@")
    return bool(name and domain) and "@" not in domain
