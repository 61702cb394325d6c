"""Numbers with their nouns, for people."""

_VOWELS = "aeiou"


def number(count: int) -> str:
    """Thousands are told apart: "1,234"."""
    return f"{count:,}"


def counted(count: int, noun: str) -> str:
    """ "1 post", "2 posts", "1,200 proxies": for nouns with a regular plural."""
    if count == 1:
        return f"1 {noun}"
    is_ies = noun.endswith("y") and noun[-2:-1] not in _VOWELS
    return f"{number(count)} {noun[:-1] + 'ies' if is_ies else noun + 's'}"
