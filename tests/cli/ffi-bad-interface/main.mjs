import "ffi:bad";
