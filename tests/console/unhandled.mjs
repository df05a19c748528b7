// A rejection that nobody handles ends the run like an error.
console.log("before");
Promise.reject(new AggregateError([new Error("first"), "second"], "many"));
setTimeout(() => console.log("not reached"), 50);
