// Looks at itself before its own bindings are initialised; host-inspect-safe.test.mjs imports it.
import { inspect } from "isthmus:host";
import * as self from "./host-inspect-module.mjs";

export const early = inspect(self);
export const late = 1;
