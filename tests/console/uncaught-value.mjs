// A thrown value that is no error.
const value = { reason: "none", list: [1, 2] };
throw value;
