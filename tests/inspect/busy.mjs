// Never gives the event loop a turn until it is told to stop.
globalThis.n = 0;
globalThis.stop = false;
console.log('ready');
while (!globalThis.stop) {
  n++;
}
console.log('stopped');
