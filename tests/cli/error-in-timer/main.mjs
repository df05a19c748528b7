setTimeout(function late() {
  throw new TypeError("late", { cause: new Error("early") });
}, 1);
setTimeout(() => console.log("not reached"), 20);
