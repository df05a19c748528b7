const log = [];
const say = (text) => () => {
  log.push(text);
  queueMicrotask(() => log.push(`${text}-micro`));
};
// A timer is due so long after it was made: they are made again until that took less time than lies between them.
let made = [];
let begun;
do {
  made.forEach(clearTimeout);
  begun = performance.now();
  const cleared = setTimeout(say("cleared"), 60);
  made = [
    setTimeout(say("t120"), 120),
    setTimeout(say("t1a"), 1),
    setTimeout(say("t0"), 0),
    setTimeout(say("t1b"), 1),
    setTimeout(say("t60"), 60),
    cleared,
    setTimeout(() => clearTimeout(cleared), 1),
  ];
} while (performance.now() - begun > 50);
Promise.resolve().then(() => log.push("promise"));
queueMicrotask(() => log.push("micro"));
log.push("sync");

let rounds = 0;
const repeat = setInterval(() => {
  log.push(`i${++rounds}`);
  if (rounds < 3) return;
  clearInterval(repeat);
  console.log(log.join(" "));
  const order = [];
  setImmediate(() => {
    order.push("immediate 1");
    setImmediate(() => {
      order.push("immediate of an immediate");
      console.log(order);
    });
  });
  setImmediate(() => order.push("immediate 2"));
  queueMicrotask(() => order.push("micro"));
  const gone = setImmediate(() => order.push("no"));
  clearImmediate(gone);
  clearTimeout(undefined);
  clearTimeout(12345);
}, 130);
