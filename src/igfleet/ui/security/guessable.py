"""Passwords that are tried first: those of the lists of leaked ones, words, names, dates, keys in a row, and what
differs little from them."""

_ENOUGH_GUESSES = 10**8
"""More than anybody can make at the sign-in, whatever limit fails."""
_LOOKED_AT = 72
"""What comes after so many characters only makes it harder."""


def is_guessable(password: str, *known: str) -> bool:
    """Whether it is found within a hundred million guesses. `known` are words that are tried for this person."""
    from zxcvbn import zxcvbn  # its lists take a third of a second to read

    found = zxcvbn(password[:_LOOKED_AT], user_inputs=[*known, "igfleet"])
    return bool(found["guesses"] < _ENOUGH_GUESSES)
