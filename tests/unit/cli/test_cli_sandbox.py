"""What `check` says of the sandbox, from the metrics pages of the services."""

import pytest

import sandbox.layers
from sandbox.layers import Layers
from tablewatch_cli.ops import Sample, samples
from tablewatch_cli.sandbox import MEANING, verdict


def page(layers: Layers) -> list[Sample]:
    lines = [f'tablewatch_sandbox_layer{{layer="{name}"}} {float(there)}' for name, there in layers.by_name().items()]
    return samples("\n".join(lines))


def test_it_says_what_the_services_say_in_their_logs() -> None:
    assert MEANING == sandbox.layers.MEANING
    assert set(MEANING) == set(Layers(0, False).by_name())


def test_without_a_service_that_opens_media_nothing_is_said() -> None:
    assert verdict({"cropper": samples("tablewatch_outbox_rows 1.0"), "api": []}) is None


def test_with_every_layer_it_is_closed() -> None:
    found = verdict({"extractor": page(Layers(7, True, True)), "ingest": page(Layers(7, True, True)), "api": []})
    assert found is not None
    assert (found.closed, found.detail) == (True, "every layer, in extractor, ingest")


@pytest.mark.parametrize(
    ("layers", "closed", "lacking"),
    [
        (Layers(0, True, True), True, ["landlock_files", "landlock_tcp", "landlock_scopes"]),
        (Layers(1, True, True), True, ["landlock_tcp", "landlock_scopes"]),
        (Layers(4, True, True), True, ["landlock_scopes"]),
        (Layers(7, True, False), True, ["network_namespace"]),
        (Layers(7, False, True), False, ["seccomp"]),
        (Layers(0, False, False), False, list(MEANING)),
    ],
)
def test_what_a_kernel_lacks_is_named_with_what_it_means(layers: Layers, closed: bool, lacking: list[str]) -> None:
    found = verdict({"extractor": page(Layers(7, True, True)), "ingest": page(layers)})
    assert found is not None
    assert found.closed == closed
    assert layers.missing() == [name for name in MEANING if name in lacking]
    for name, means in MEANING.items():
        assert (f"ingest's kernel lacks {name}: {means}" in found.detail) == (name in lacking)
    assert "extractor's" not in found.detail
