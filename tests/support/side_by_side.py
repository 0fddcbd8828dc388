"""Which tests of whole stacks share a pytest worker: with `-n 2 --dist loadgroup` there are two stacks at a time."""

import pytest

ON_THE_SHARED_STACK = pytest.mark.xdist_group("faults on the shared stack")
BESIDE = pytest.mark.xdist_group("everything else with a whole stack")
