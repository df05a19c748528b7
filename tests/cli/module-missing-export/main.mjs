import { absent } from "./lib.mjs";
