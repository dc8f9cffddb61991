"""Ten thousand questions of the described forms and near them: 0 answers that are defects.

The cases are schemathesis's, under a seed. It ends at the first answer that is not described, or
that is not of the form that is described; so a figure is kept only where there was none.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

CASES: Final = 10_000
OF_EACH: Final = 565
"""Routes without any parameter have one question only; the rest are asked more."""
SEED: Final = 8


def main() -> None:
    """Ask, and print the figure."""
    from asked_as_described import Asked, ask
    from run_with_pages import pages_of_a_run

    begun, whole = time.monotonic(), Asked()
    number = SEED
    with tempfile.TemporaryDirectory() as folder, pages_of_a_run(Path(folder)) as pages:
        while whole.cases < CASES:
            asked = ask(pages, OF_EACH, number)
            whole.cases += asked.cases
            whole.answers += asked.answers
            number += 1
    errors = sum(count for status, count in whole.answers.items() if status >= 500)
    figure = {
        "figure": f"server errors in {whole.cases} questions that schemathesis made",
        "value": errors,
        "unit": "answers",
        "goal": 0,
        "ok": errors == 0,
        "peers": {
            "minutes": round((time.monotonic() - begun) / 60, 1),
            **{f"answered {status}": n for status, n in sorted(whole.answers.items())},
        },
    }
    print(json.dumps(figure, ensure_ascii=False))


if __name__ == "__main__":
    main()
