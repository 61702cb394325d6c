"""What is wrong with a text of captions, and where."""

from igfleet.errors import Invalid


class CaptionError(Invalid):
    """The text cannot be read. Line and column count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}", {"captions": message})
        self.line = line
        self.column = column
        self.message = message
