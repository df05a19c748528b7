const log = [];
const say = (text) => () => {
  log.push(text);
  queueMicrotask(() => log.push(`${text}-micro`));
};
setTimeout(say("t10"), 10);
setTimeout(say("t1a"), 1);
setTimeout(say("t0"), 0);
setTimeout(say("t1b"), 1);
setTimeout(say("t5"), 5);
const cleared = setTimeout(say("cleared"), 2);
setTimeout(() => clearTimeout(cleared), 1);
Promise.resolve().then(() => log.push("promise"));
queueMicrotask(() => log.push("micro"));
log.push("sync");

let rounds = 0;
const repeat = setInterval(() => {
  log.push(`i${++rounds}`);
  if (rounds === 3) clearInterval(repeat);
}, 20);

setTimeout(() => {
  console.log(log.join(" "));
  const order = [];
  setImmediate(() => {
    order.push("immediate 1");
    setImmediate(() => order.push("immediate of an immediate"));
    setTimeout(() => console.log(order), 5);
  });
  setImmediate(() => order.push("immediate 2"));
  queueMicrotask(() => order.push("micro"));
  const gone = setImmediate(() => order.push("no"));
  clearImmediate(gone);
  clearTimeout(undefined);
  clearTimeout(12345);
}, 120);
