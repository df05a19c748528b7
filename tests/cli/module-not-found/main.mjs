// The place of the import is shown.
import { thing } from "./lib/missing.mjs";
