import { readFile, writeFile, appendFile, args } from "isthmus:host";
const path = args[0];
writeFile(path, "grüß\0");
appendFile(path, new Uint8Array([255]).subarray(0, 1));
const bytes = readFile(path);
console.log(bytes);
console.log(JSON.stringify(readFile(path, "utf8")), readFile(path, "utf-8").length);
writeFile(path, new Uint16Array([1, 2]).subarray(1));
console.log(readFile(path));
for (const wrong of [() => readFile(path + "/x"), () => readFile("."), () => writeFile("/proc/nope", ""), () => readFile(1),
  () => readFile("a\0b"), () => readFile(path, "latin1"), () => writeFile(path, 5), () => readFile()]) {
  try {
    wrong();
    console.log("no error");
  } catch (error) {
    console.log(error.name, error.message.replace(path, "PATH"), error.code);
  }
}
