const far = setTimeout(() => console.log("no"), 60_000);
far.unref();
const gone = setInterval(() => console.log("no"), 60_000);
clearInterval(gone);
const back = setTimeout(() => console.log("kept alive"), 5);
back.unref();
console.log(far.hasRef(), back.hasRef());
back.ref();
