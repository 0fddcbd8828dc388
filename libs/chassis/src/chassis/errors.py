"""Errors with a stable code. Each is a class; its docstring is the sentence that people read, here and in the docs."""

import inspect
import re
from collections.abc import Iterator
from typing import ClassVar, Self


class CodedError(Exception):
    """Base of a service's errors; a class without subclasses is one code.

    Attributes:
        code: the class name in snake case: VideoNotFound is `video_not_found`. Never changes its meaning.
        sentence: the docstring on one line: what is wrong, or what to do.
        status: of an HTTP response.
        retryable: whether the same request, file or job can succeed later.
    """

    code: ClassVar[str]
    sentence: ClassVar[str]
    status: ClassVar[int]
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.sentence = " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{self.code}: {detail or self.sentence}")
        self.detail = detail
        self.headers = headers or {}

    @property
    def reason(self) -> str:
        """The sentence, and what is special about this case."""
        return f"{self.sentence} {self.detail}".rstrip()

    @classmethod
    def each(cls) -> Iterator[type[Self]]:
        """The classes below this one that are a code, in the order in which they were defined."""
        for subclass in cls.__subclasses__():
            if subclass.__subclasses__():
                yield from subclass.each()
            else:
                yield subclass
