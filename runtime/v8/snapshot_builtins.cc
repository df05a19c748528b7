/* The built-ins of a context that becomes a snapshot. V8 leaves some of them out while it builds
 * one, and adds them when a context starts from it; it takes for granted then that nothing is in
 * their way, and ends the process otherwise. Which they are is found by comparing the built-ins of
 * a context that is being built with an ordinary one's. A few kinds of objects cannot be written at
 * all, so that their classes are hidden from the scripts. */
#include "snapshot.h"

namespace {

/* Called with the list of an ordinary context's built-ins it gives a function, which makes room for
 * what V8 will add and brings back what was hidden; its result is what is in the way, or "".
 * Without one it gives the list. What the function uses was there before any script was. */
const char source[] = R"js((function(list) {
  'use strict';
  const { getOwnPropertyDescriptor, getPrototypeOf, isExtensible, defineProperty } = Object;
  const { ownKeys, deleteProperty } = Reflect;
  const text = String, global = globalThis;
  const paths = new Map(), found = [];
  const add = (path, value) => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
    if (paths.has(value)) return;
    paths.set(value, path);
    found.push(value);
  };
  add('globalThis', global);
  add('%Generator%', function*() {});
  add('%AsyncFunction%', async function() {});
  add('%AsyncGenerator%', async function*() {});
  add('%ArrayIterator%', [][Symbol.iterator]());
  add('%MapIterator%', new Map()[Symbol.iterator]());
  add('%SetIterator%', new Set()[Symbol.iterator]());
  add('%StringIterator%', ''[Symbol.iterator]());
  add('%RegExpIterator%', ''.matchAll(/a/g));
  for (let i = 0; i < found.length; i++) {
    const path = paths.get(found[i]);
    add(`${path}.__proto__`, getPrototypeOf(found[i]));
    for (const key of ownKeys(found[i])) {
      const { value, get, set } = getOwnPropertyDescriptor(found[i], key);
      add(`${path}.${text(key)}`, value);
      add(`get ${path}.${text(key)}`, get);
      add(`set ${path}.${text(key)}`, set);
    }
  }
  if (!list) return JSON.stringify(found.map((object) => [paths.get(object), ownKeys(object).map(text)]));

  const objects = new Map(found.map((object) => [paths.get(object), object]));
  const late = [];
  for (const [path, keys] of JSON.parse(list)) {
    if (!objects.has(path)) continue;
    const object = objects.get(path), own = new Set(ownKeys(object).map(text));
    const missing = { __proto__: null };
    let some = false;
    for (const key of keys) if (!own.has(key)) some = missing[key] = true;
    if (some) late.push({ path, object, missing });
  }
  const hidden = [];
  for (const name of ['Intl', 'FinalizationRegistry']) {
    const descriptor = getOwnPropertyDescriptor(global, name);
    if (!descriptor) continue;
    hidden.push({ name, descriptor: { __proto__: null, ...descriptor } });
    deleteProperty(global, name);
  }
  return () => {
    for (let i = 0; i < late.length; i++) {
      const { path, object, missing } = late[i];
      if (!isExtensible(object)) return `${path} that cannot be extended`;
      const keys = ownKeys(object);
      for (let j = 0; j < keys.length; j++) {
        if (missing[text(keys[j])] && !deleteProperty(object, keys[j]))
          return `${path}.${text(keys[j])} that cannot be deleted`;
      }
    }
    for (let i = 0; i < hidden.length; i++) {
      const { name, descriptor } = hidden[i];
      if (!getOwnPropertyDescriptor(global, name)) defineProperty(global, name, descriptor);
    }
    return '';
  };
}))js";

std::mutex mutex;
char *list; /* of an ordinary context; made once for the process */

} // namespace

ist_status ist__builtins_list() {
  std::lock_guard<std::mutex> guard(mutex);
  if (list) return IST_OK;
  ist_isolate *isolate;
  ist_status status = ist_isolate_new(nullptr, &isolate);
  if (status) return status;
  ist_context *context;
  status = ist_context_new(isolate, nullptr, &context);
  ist_value function, value;
  if (!status)
    status =
        ist_script_eval(context, source, sizeof source - 1, "isthmus:builtins", &function, nullptr);
  if (!status)
    status = ist_function_call(context, function, ist_undefined(), 0, nullptr, &value, nullptr);
  if (!status) status = ist_string_read(isolate, value, &list, nullptr);
  (void)ist_isolate_free(isolate);
  return status;
}

ist_status ist__builtins_watch(ist_context *context, ist_value *check) {
  ist_isolate *isolate = context->isolate;
  ist_value function, argument;
  ist_status status =
      ist_script_eval(context, source, sizeof source - 1, "isthmus:builtins", &function, nullptr);
  if (!status) status = ist_string_new(isolate, list, strlen(list), &argument);
  if (!status)
    status = ist_function_call(context, function, ist_undefined(), 1, &argument, check, nullptr);
  return status;
}

ist_status ist__builtins_check(ist_context *context, ist_value check, char **what) {
  ist_value value;
  ist_status status =
      ist_function_call(context, check, ist_undefined(), 0, nullptr, &value, nullptr);
  return status ? status : ist_string_read(context->isolate, value, what, nullptr);
}
