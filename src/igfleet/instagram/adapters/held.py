"""Holds an exception of a call that must not be repeated: what is known of it follows from the answer."""

from types import TracebackType


class Held:
    """`with Held() as held: …`; afterwards `held.error` is what was raised within, or None."""

    error: Exception | None = None

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None
