const kind = input.kind;
if (kind === "loop") for (;;) new Array(1000).fill(1.5);
if (kind === "memory") { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }
if (kind === "recurse") { const f = () => f() + 1; f(); }
if (kind === "microtask") { const g = () => { Promise.resolve().then(g); }; g(); }
if (kind === "buffer") new ArrayBuffer(2 ** 31);
input.n * 2;
