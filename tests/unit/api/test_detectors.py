"""Which names the api takes for a detector."""

from api.model.detectors import USE, names
from inference.backends import MODELS
from inference.entries import USE as USE_OF_INFERENCE
from tablewatch_schemas.defaults import DETECTORS


def test_the_shipped_ones_and_the_table_that_is_none_are_those_of_inference() -> None:
    assert set(DETECTORS) == set(MODELS)
    assert USE == USE_OF_INFERENCE


def test_those_of_the_file_are_its_tables() -> None:
    assert names('[ours]\n[use]\n[theirs]\nfile = "x"\n') == {*DETECTORS, "ours", "theirs"}
    assert names("loose = 3\n") == names("[broken") == names(None) == set(DETECTORS)
