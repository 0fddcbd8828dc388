"""How many examples a property test takes."""

from hypothesis import settings

USUAL = 100  # of Hypothesis itself


def examples(count: int) -> settings:
    """`count` examples in `make test`; where the profile asks for more than is usual, as many times more."""
    return settings(max_examples=count * settings.default.max_examples // USUAL)
