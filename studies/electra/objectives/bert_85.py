"""A masked language model that is shown what ELECTRA's generator is: 85% [MASK], 15% the right one.

The released code's own BERT.
"""

from __future__ import annotations

from studies.electra.objective import Objective

objective = Objective(generator=False, answer="pieces", where="drawn", weight=1.0)
