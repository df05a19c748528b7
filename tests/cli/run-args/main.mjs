import { args, env, cwd } from "isthmus:host";
console.log(args, Object.isFrozen(args), typeof env.PATH, cwd() === import.meta.dirname);
