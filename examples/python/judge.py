"""A judge: programs that nobody trusts, over many inputs, in parallel.

Each submission is run over all inputs by a pool; each run is a compartment of its own within
limits. What a submission does wrong counts against it alone.
"""

from __future__ import annotations

from collections import Counter

import isthmus as ist

GOOD = "input.words.filter((word) => word === [...word].reverse().join('')).length"
SUBMISSIONS = {
    "good": GOOD,
    "slow": "while (input.words.length > 998); " + GOOD,
    "wrong": "input.words.length",
    "throws": "if (input.words.length > 990) throw new RangeError('too many words'); " + GOOD,
    # What a run leaves behind, no other one finds.
    "leaves": "var runs = (globalThis.runs ?? 0) + 1; runs === 1 ? " + GOOD + " : 'found ' + runs",
}


def words(count: int) -> list[str]:
    """Numbers as words, some of which are palindromes."""
    return [str(7 * n) for n in range(count)]


def expected(count: int) -> int:
    """What the task asks for."""
    return sum(word == word[::-1] for word in words(count))


def main() -> None:
    """Judges all submissions."""
    counts = range(0, 1000, 3)
    with ist.Pool(threads=2, isolation="compartment", cpu_timeout=0.2, memory=64 << 20) as pool:
        for name, source in SUBMISSIONS.items():
            verdicts: Counter[str] = Counter()
            first = None
            # Inputs are made as they are needed, and outcomes come in their order.
            inputs = ({"words": words(count)} for count in counts)
            program = ist.Program(source, filename=f"{name}.js")
            for count, outcome in zip(counts, pool.outcomes(program, inputs)):
                if outcome.error is not None:
                    first = first or outcome
                    verdicts[type(outcome.error).__name__] += 1
                else:
                    verdicts["right" if outcome.value == expected(count) else "wrong"] += 1
            print(f"{name}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(verdicts.items())))
            if first is not None:
                print(f"  input {first.index}: {first.error}")


if __name__ == "__main__":
    main()
