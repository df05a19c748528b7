"""A rules engine: rules that others have written in JavaScript decide about orders.

Each rule is the body of a function of `order` and `stock`. It runs within limits: one that is
wrong, loops or takes all memory is told of, and the others go on.
"""

from __future__ import annotations

from typing import Any

import isthmus as ist

RULES = {
    "large.js": """\
const total = order.lines.reduce((sum, line) => sum + line.price * line.count, 0);
if (total > 100) return `ask a person about ${total}`;""",
    "stock.js": """\
for (const line of order.lines) {
  const left = stock(line.name);
  if (left < line.count) return `only ${left} of ${line.name}`;
}""",
    "gift.js": "if (order.gift && order.gfit.text.length > 100) return 'a long text';",
    "loop.js": "while (order.customer === 'Eve');",
    "hoard.js": """\
const all = [];
while (order.customer === 'Mallory') all.push(new Array(1e5).fill(order));""",
    "broken.js": "return order.",
}
ORDERS: list[dict[str, Any]] = [
    {"customer": "Ada", "lines": [{"name": "anvil", "price": 40, "count": 1}]},
    {"customer": "Bob", "lines": [{"name": "anvil", "price": 40, "count": 9}]},
    {"customer": "Cleo", "lines": [{"name": "feather", "price": 1, "count": 3}], "gift": True},
    {"customer": "Eve", "lines": []},
    {"customer": "Mallory", "lines": []},
    {"customer": "Zoe", "lines": [{"name": "anvil", "price": 40, "count": 2}]},
]
STOCK = {"anvil": 4}


def stock(name: str) -> int:
    """How many are left: what rules may ask."""
    return STOCK[name]


class Engine:
    """Rules, compiled in an isolate that is made anew when one of them has filled it."""

    def __init__(self, rules: dict[str, str]) -> None:
        self.rules = dict(rules)
        self.begin()

    def begin(self) -> None:
        """Compiles all rules."""
        self.isolate = ist.Isolate(heap_limit=32 << 20)
        # No eval, no timers, no console: a rule computes, and asks what it is given.
        self.context = self.isolate.context(web=False, eval_allowed=False)
        self.compiled = {
            name: self.context.function(text, ["order", "stock"], filename=name)
            for name, text in self.rules.items()
        }

    def decide(self, order: dict[str, Any]) -> list[str]:
        """What the rules say about an order, and which could not say anything."""
        said = []
        for name in list(self.rules):
            try:
                answer = self.context.call(self.compiled[name], order, stock, cpu_timeout=0.3)
            except ist.JSMemoryError as error:
                said.append(f"{name}: taken out: {error}")
                del self.rules[name]
                self.isolate.close()
                self.begin()
            except ist.JSTimeoutError as error:
                said.append(f"{name}: {error}")
            except ist.JSError as error:
                said.append(f"{error.filename}:{error.line}:{error.column}: {error}")
            except KeyError as error:
                # What `stock` has raised, through JavaScript.
                said.append(f"{name}: there is no {error}")
            else:
                if answer is not ist.undefined:
                    said.append(f"{name}: {answer}")
        return said


def main() -> None:
    """Decides about all orders."""
    rules = dict(RULES)
    for name, text in RULES.items():
        try:
            Engine({name: text})
        except ist.JSSyntaxError as error:
            print(f"{error.filename}:{error.line}: {error}")
            del rules[name]
    engine = Engine(rules)
    for order in ORDERS:
        print(order["customer"])
        for line in engine.decide(order) or ["nothing to say"]:
            print("  " + line)


if __name__ == "__main__":
    main()
