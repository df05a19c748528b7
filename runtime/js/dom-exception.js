"use strict";
// DOMException, by the WebIDL Standard. An instance is made by Error's own constructor, so that it
// has a stack and V8 knows it for an error; name and message live in private fields, where the
// inspector reads them without user code.

const {
  Error, ErrorPrototype, ObjectSetPrototypeOf, ReflectConstruct, ReflectDefineProperty,
} = native.primordials;
const { asInterface, defineGlobal } = native;

// The legacy code of a name is its place here, from 1; empty places have lost their name, not their
// constant.
const names = [
  "IndexSizeError", "", "HierarchyRequestError", "WrongDocumentError", "InvalidCharacterError", "",
  "NoModificationAllowedError", "NotFoundError", "NotSupportedError", "InUseAttributeError",
  "InvalidStateError", "SyntaxError", "InvalidModificationError", "NamespaceError",
  "InvalidAccessError", "", "TypeMismatchError", "SecurityError", "NetworkError", "AbortError",
  "URLMismatchError", "QuotaExceededError", "TimeoutError", "InvalidNodeTypeError",
  "DataCloneError",
];
const constants = [
  "INDEX_SIZE_ERR", "DOMSTRING_SIZE_ERR", "HIERARCHY_REQUEST_ERR", "WRONG_DOCUMENT_ERR",
  "INVALID_CHARACTER_ERR", "NO_DATA_ALLOWED_ERR", "NO_MODIFICATION_ALLOWED_ERR", "NOT_FOUND_ERR",
  "NOT_SUPPORTED_ERR", "INUSE_ATTRIBUTE_ERR", "INVALID_STATE_ERR", "SYNTAX_ERR",
  "INVALID_MODIFICATION_ERR", "NAMESPACE_ERR", "INVALID_ACCESS_ERR", "VALIDATION_ERR",
  "TYPE_MISMATCH_ERR", "SECURITY_ERR", "NETWORK_ERR", "ABORT_ERR", "URL_MISMATCH_ERR",
  "QUOTA_EXCEEDED_ERR", "TIMEOUT_ERR", "INVALID_NODE_TYPE_ERR", "DATA_CLONE_ERR",
];

// The private parts of an exception, put on an error that Error made: a constructor that returns
// what it is given lets a derived class do that.
const Given = function (object) {
  return object;
};

class Parts extends Given {
  #message;
  #name;

  constructor(error, message, name) {
    super(error);
    this.#message = message;
    this.#name = name;
  }

  static has(value) {
    return #name in value;
  }

  static messageOf(value) {
    return value.#message;
  }

  static nameOf(value) {
    return value.#name;
  }
}
const { has, messageOf, nameOf } = Parts;

// The stack's first line is made from data properties, at the first look: they are there for it.
const nameStack = (error, message, name) => {
  const descriptor = { __proto__: null, configurable: true };
  descriptor.value = message;
  ReflectDefineProperty(error, "message", descriptor);
  descriptor.value = name;
  ReflectDefineProperty(error, "name", descriptor);
  try {
    error.stack;
  } catch {
    // User code's Error.prepareStackTrace: its error is not the caller's.
  }
  delete error.message;
  delete error.name;
};

class DOMException {
  constructor(message = "", name = "Error") {
    const text = `${message}`;
    const kind = `${name}`;
    const error = ReflectConstruct(Error, [], new.target);
    nameStack(error, text, kind);
    return new Parts(error, text, kind);
  }

  get name() {
    return nameOf(this);
  }

  get message() {
    return messageOf(this);
  }

  get code() {
    const name = nameOf(this);
    for (let i = 0; i < names.length; i++) {
      if (names[i] === name && name !== "") return i + 1;
    }
    return 0;
  }
}
ObjectSetPrototypeOf(DOMException.prototype, ErrorPrototype);
asInterface(DOMException, "DOMException", ["name", "message", "code"]);
for (let i = 0; i < constants.length; i++) {
  const descriptor = { __proto__: null, value: i + 1, enumerable: true };
  ReflectDefineProperty(DOMException, constants[i], descriptor);
  ReflectDefineProperty(DOMException.prototype, constants[i], descriptor);
}

// For the inspector: name and message of a DOMException, undefined for anything else.
native.domExceptionParts = (value) =>
  has(value) ? { __proto__: null, name: nameOf(value), message: messageOf(value) } : undefined;

const makeDataCloneError = (message) => new DOMException(message, "DataCloneError");

native.makeDataCloneError = makeDataCloneError;
native.register("makeDataCloneError", makeDataCloneError);
defineGlobal("DOMException", DOMException);
