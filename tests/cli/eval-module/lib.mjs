export const value = "from a file beside";
