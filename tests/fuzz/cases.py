"""How many cases a test of this folder makes, and how: the same at each run, in bounds of time."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

CASES = 1500
randoms = st.randoms(use_true_random=False)
bounded = settings(
    max_examples=CASES,
    deadline=None,  # `check` measures itself, more steadily
    derandomize=True,  # a build fails for what it changed; new cases are `make fuzz`'s
    database=None,
    phases=(Phase.generate,),  # what fails is made small by `make fuzz`, in less time
    suppress_health_check=list(HealthCheck),
)
