// JavaScript, however wrong, does not crash the process through a call that is completely described: each of these is a
// clear error that names library, function, parameter, what was expected and what came. All in one process, which lives;
// the last part closes libraries, and so stays last.
import "./bad-input/peers.mjs";
import "./bad-input/strangers.mjs";
import "./bad-input/builtins.mjs";
import "./bad-input/brands.mjs";
import "./bad-input/buffers.mjs";
import "./bad-input/structs.mjs";
import "./bad-input/handles.mjs";
import "./bad-input/callbacks.mjs";
import "./bad-input/extremes.mjs";
import "./bad-input/libraries.mjs";
