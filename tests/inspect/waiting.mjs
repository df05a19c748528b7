// Waits in the event loop until it is told to stop.
class Parrot {
  constructor(name) {
    this.name = name;
  }
}
globalThis.kept = [new Parrot('polly wants')];
const timer = setTimeout(() => {}, 1e8);
globalThis.stop = (value) => {
  clearTimeout(timer);
  console.log(`stopped by ${value}`);
};
console.log('ready');
