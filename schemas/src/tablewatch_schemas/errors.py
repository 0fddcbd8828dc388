"""The errors of records that no retry fixes."""

CODES = (
    "not_json",
    "wrong_schema",
    "unknown_version",
    "unknown_topic",
    "missing_header",
    "missing_key",
)


class ContractError(Exception):
    """A record that no retry fixes.

    `code` is one of CODES and stable; `reason` is a sentence for a person that names the field.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
