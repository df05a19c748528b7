// Counts the words of a line, by way of ./tally.idl and the C library that it describes.
import { load } from "isthmus:ffi";

const { Tally, version } = load("./tally.idl");
console.log("tally", version());

const tally = new Tally();
tally.add("the quick brown fox jumps over the lazy dog");
console.log(tally.count("the"), "times “the”;", tally.join());
console.log(tally.measure().toJSON(), tally.counts(3));

tally.each((word, count) => {
  if (count > 1) console.log(`${word}: ${count}`);
  return 0;
});

const small = new Tally(1);
try {
  small.add("two words");
} catch (error) {
  console.log(`${error.name} ${error.code}: ${error.message}`);
}
small.free();
tally.free();
