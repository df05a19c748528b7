"use strict";
// `performance`: a monotonic clock in milliseconds since the context got its globals, and the time at
// which it did.

const { TypeError } = native.primordials;
const { asInterface, defineGlobal, hrtime, timeOrigin } = native;

const key = {};

class Performance {
  #isPerformance = true;

  constructor(given = undefined) {
    if (given !== key) throw new TypeError("Illegal constructor");
  }

  get timeOrigin() {
    this.#isPerformance;
    return timeOrigin;
  }

  now() {
    this.#isPerformance;
    return hrtime();
  }

  toJSON() {
    this.#isPerformance;
    return { timeOrigin };
  }
}
asInterface(Performance, "Performance", ["timeOrigin", "now", "toJSON"]);

defineGlobal("Performance", Performance);
defineGlobal("performance", new Performance(key), true);
