"""The one error that ends the stack with a sentence for the person who started it."""


class StackError(Exception):
    """Something a person can put right; its text is the whole message, without a traceback."""
