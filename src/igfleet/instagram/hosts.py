"""Instagram's own names: the only hosts that a run may reach."""

HOSTS = ("instagram.com", "cdninstagram.com", "fbcdn.net", "facebook.com")
"""Each stands for its subdomains too."""


def is_instagram(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in HOSTS)
