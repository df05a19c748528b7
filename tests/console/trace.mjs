// A trace begins where the script calls it.
function inner() {
  console.trace("reached %s", "inner");
}
function outer() {
  inner();
}
outer();
