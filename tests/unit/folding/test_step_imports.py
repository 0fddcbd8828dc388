"""A service's step is pure: the types that it imports need neither Faust nor a Kafka client."""

import subprocess
import sys


def test_the_types_of_a_step_need_no_faust_and_no_kafka() -> None:
    program = "import sys, folding.step; print(sorted({'faust', 'mode', 'aiokafka'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
