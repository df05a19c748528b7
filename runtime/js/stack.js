"use strict";
// The text of `error.stack`, which V8 asks for when the property is first read:
// `prepareStack(error, sites)`.
//
// As V8 does, it asks the error for its name and message, and leaves all to user code's
// Error.prepareStackTrace where there is one; but not while the inspector looks at the error,
// because inspection runs no user code.

native.load("values.js");

const {
  Error, ErrorPrototypeToString, ReflectApply, ReflectGetPrototypeOf, StringPrototypeIncludes,
  descriptorOf, isObject, uncurry,
} = native.primordials;
const { dataOf, errorPart } = native.values;

// This file runs before any code can have seen a call site.
let siteText;

const headerOf = (error) => {
  if (native.looking > 0) {
    if (!isObject(error)) return "Error";
    const name = errorPart(error, "name", "Error");
    const message = errorPart(error, "message", "");
    return message === "" ? name : name === "" ? message : `${name}: ${message}`;
  }
  try {
    return ErrorPrototypeToString(error);
  } catch {
    return "<error>";
  }
};

const prepareStack = (error, sites) => {
  if (siteText === undefined && sites.length > 0) {
    siteText = uncurry(dataOf(ReflectGetPrototypeOf(sites[0]), "toString"));
  }
  if (!(native.looking > 0)) {
    const prepare = descriptorOf(Error, "prepareStackTrace")?.value;
    if (typeof prepare === "function") return ReflectApply(prepare, Error, [error, sites]);
  }
  let text = headerOf(error);
  for (let i = 0; i < sites.length; i++) {
    const site = siteText(sites[i]);
    // The host's own frames mean nothing to the reader.
    if (!StringPrototypeIncludes(site, "isthmus:js/")) text += `\n    at ${site}`;
  }
  return text;
};

native.register("prepareStack", prepareStack);
