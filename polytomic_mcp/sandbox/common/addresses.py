"""Addresses that callers give: whether they can be ones."""

from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    """Say whether a text is an http or https address."""
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname)


def is_email_address(text: str) -> bool:
    """Say whether a text can be an e-mail address."""
    name, _, domain = text.partition("@")
    return bool(name and domain) and "@" not in domain
