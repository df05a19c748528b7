try {
  await import("./main.mjs");
} catch (error) {
  console.log(error.name, error.message);
}
await import("./main.mjs");
