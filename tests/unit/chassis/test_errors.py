"""One class an error: code from its name, sentence from its docstring."""

from chassis.errors import CodedError


class Refusal(CodedError):
    """A group of errors."""

    final = True


class FileTooLarge(Refusal):
    """The file is larger than this upload may be.
    Cut it into shorter parts."""

    status = 413


class UploadLocked(Refusal):
    """Another request is writing to this upload."""

    status = 423
    retryable = True


def test_a_class_is_a_code_and_its_docstring_the_sentence() -> None:
    error = FileTooLarge("It has 5 bytes.", headers={"Retry-After": "1"})
    assert (error.code, error.status, error.retryable) == ("file_too_large", 413, False)
    assert error.sentence == "The file is larger than this upload may be. Cut it into shorter parts."
    assert error.reason == f"{error.sentence} It has 5 bytes."
    assert error.headers == {"Retry-After": "1"}
    assert str(error) == "file_too_large: It has 5 bytes."
    assert UploadLocked().reason == UploadLocked.sentence


def test_codes_are_the_classes_at_the_ends_in_their_order() -> None:
    assert [error.code for error in Refusal.each()] == ["file_too_large", "upload_locked"]
