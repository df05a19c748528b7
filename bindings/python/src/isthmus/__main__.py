"""The command `isthmus` that the wheel carries: `python -m isthmus` and the console script become
it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Runs the command in place of this process, with its arguments. SystemExit when it cannot be
    started.
    """
    command = Path(__file__).parent / "_native" / "isthmus"
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(command, ["isthmus", *sys.argv[1:]])
    except OSError as error:
        raise SystemExit(f"isthmus: cannot start {command}: {error.strerror}") from None


if __name__ == "__main__":
    main()
