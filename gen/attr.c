// The table of attributes: what each may stand on, how many arguments it takes, what it excludes.
// An attribute that is unknown, misplaced or without effect is an error; none is silently dropped.
#include "compiler.h"

enum { VALUE_PLACES = ON_PARAM | ON_FUNCTION | ON_FIELD | ON_CALLBACK | ON_CALLBACK_PARAM };

static const struct {
  const char *name;
  unsigned places;
  int min, max; // arguments
} table[AT_COUNT] = {
    [AT_ALIGN] = {"align", ON_FIELD | ON_STRUCT | ON_HANDLE, 1, 1},
    [AT_AS] = {"as", ON_FIELD, 2, 64},
    [AT_BIGINT] = {"bigint", VALUE_PLACES | ON_TYPEDEF, 0, 0},
    [AT_BYTES] = {"bytes", VALUE_PLACES, 0, 0},
    [AT_CONSTRUCTOR] = {"constructor", ON_FUNCTION, 0, 0},
    [AT_COPY] = {"copy", ON_FUNCTION | ON_PARAM, 0, 0},
    [AT_DATA] = {"data", ON_PARAM | ON_CALLBACK_PARAM | ON_FIELD, 0, 1},
    [AT_DEPTH] = {"depth", ON_HANDLE, 1, 1},
    [AT_DESTROY] = {"destroy", ON_PARAM | ON_FIELD, 1, 1},
    [AT_DESTRUCTOR] = {"destructor", ON_FUNCTION, 0, 1},
    [AT_DOC] = {"doc", ~0u & ~(unsigned)ON_INNER, 1, 1},
    [AT_ERRNO] = {"errno", ON_FUNCTION, 0, 0},
    [AT_ERROR_TEXT] = {"error_text", ON_PARAM, 0, 0},
    [AT_EXCEPT] = {"except", ON_FUNCTION, 1, 64},
    [AT_FIXED] = {"fixed", ON_PARAM | ON_FIELD, 1, 1},
    [AT_FOREVER] = {"forever", ON_FUNCTION | ON_PARAM, 0, 0},
    [AT_HIDDEN] = {"hidden", ON_FUNCTION, 0, 0},
    [AT_IN] = {"in", ON_PARAM, 0, 0},
    [AT_INLINE] = {"inline", ON_HANDLE, 0, 1},
    [AT_INOUT] = {"inout", ON_PARAM | ON_CALLBACK_PARAM, 0, 0},
    [AT_KEEPS] = {"keeps", ON_FUNCTION | ON_PARAM | ON_HANDLE, 1, 8},
    [AT_LATIN1] = {"latin1", VALUE_PLACES, 0, 0},
    [AT_LEN] = {"len", ON_FIELD, 1, 1},
    [AT_NAME] = {"name",
                 ON_FUNCTION | ON_PARAM | ON_HANDLE | ON_STRUCT | ON_ENUM | ON_CONST |
                     ON_ENUMERATOR | ON_ERROR,
                 1, 1},
    [AT_NO_REENTER] = {"no_reenter", ON_HANDLE | ON_CALLBACK | ON_FUNCTION, 0, 0},
    [AT_NULL] = {"null", ON_PARAM | ON_FUNCTION | ON_FIELD | ON_CALLBACK_PARAM | ON_INNER, 0, 0},
    [AT_NUMBER] = {"number", VALUE_PLACES | ON_TYPEDEF, 0, 0},
    [AT_OMIT] = {"omit", ON_FUNCTION | ON_PARAM, 0, 0},
    [AT_ON_THROW] = {"on_throw", ON_PARAM | ON_FIELD, 1, 1},
    [AT_ONE] = {"one", ON_PARAM | ON_FIELD, 0, 0},
    [AT_OPAQUE] = {"opaque", ON_FIELD, 0, 0},
    [AT_OPEN] = {"open", ON_ENUM, 0, 0},
    [AT_OPTIONAL] = {"optional", ON_FUNCTION, 0, 0},
    [AT_OUT] = {"out", ON_PARAM, 0, 0},
    [AT_OWN] = {"own", ON_FUNCTION | ON_PARAM, 0, 2},
    [AT_PACKED] = {"packed", ON_STRUCT | ON_HANDLE, 0, 0},
    [AT_POINTER] = {"pointer", ON_HANDLE | ON_CALLBACK, 0, 0},
    [AT_PREFIX] = {"prefix", ON_HANDLE, 1, 8},
    [AT_RANGE] = {"range", ON_PARAM, 2, 2},
    [AT_SCOPE] = {"scope", ON_PARAM | ON_FIELD, 1, 1},
    [AT_SELF] = {"self", ON_PARAM, 0, 0},
    [AT_SIZE] = {"size", ON_PARAM | ON_FUNCTION, 1, 1},
    [AT_STATIC] = {"static", ON_FUNCTION, 0, 0},
    [AT_SYMBOL] = {"symbol", ON_FUNCTION | ON_HANDLE, 1, 1},
    [AT_TAG] = {"tag", ON_FUNCTION, 1, 16},
    [AT_TAKE] = {"take", ON_PARAM, 0, 1},
    [AT_TEXT] = {"text", VALUE_PLACES, 0, 0},
    [AT_THREADSAFE] = {"threadsafe", ON_LIBRARY, 0, 0},
    [AT_THROWS] = {"throws", ON_FUNCTION, 1, 1},
    [AT_UNSAFE] = {"unsafe", ON_FUNCTION | ON_CALLBACK, 1, 1},
    [AT_UNTIL] = {"until", ON_FUNCTION | ON_PARAM | ON_HANDLE, 1, 16},
    [AT_UTF16] = {"utf16", VALUE_PLACES, 0, 0},
    [AT_VIEW] = {"view", ON_CALLBACK_PARAM, 1, 1},
    [AT_WHEN] = {"when", ON_FIELD, 1, 1},
    [AT_WITHIN] = {"within", ON_FUNCTION | ON_PARAM, 1, 1},
};

static const char *const later[] = {
    "blocking", "async",     "cancel",  "leaf",     "pure",      "may_callback", "thread",
    "group",    "on_thread", "element", "list",     "one_of",    "require",      "format",
    "invalid",  "getter",    "setter",  "iterator", "kept_by",   "unloadable",   "shared",
    "sendable", "strict",    "array",   "since",    "deprecated"};

static const int exclusive[][2] = {{AT_IN, AT_OUT},
                                   {AT_IN, AT_INOUT},
                                   {AT_OUT, AT_INOUT},
                                   {AT_BYTES, AT_TEXT},
                                   {AT_BYTES, AT_LATIN1},
                                   {AT_BYTES, AT_UTF16},
                                   {AT_LATIN1, AT_UTF16},
                                   {AT_BIGINT, AT_NUMBER},
                                   {AT_OWN, AT_COPY},
                                   {AT_OWN, AT_UNTIL},
                                   {AT_OWN, AT_WITHIN},
                                   {AT_FOREVER, AT_KEEPS},
                                   {AT_FOREVER, AT_UNTIL},
                                   {AT_FIXED, AT_RANGE},
                                   {AT_CONSTRUCTOR, AT_DESTRUCTOR},
                                   {AT_CONSTRUCTOR, AT_STATIC},
                                   {AT_DESTRUCTOR, AT_STATIC},
                                   {AT_FIXED, AT_OUT},
                                   {AT_FIXED, AT_INOUT},
                                   {AT_ERROR_TEXT, AT_OMIT},
                                   {AT_OUT, AT_RANGE},
                                   {AT_OPAQUE, AT_LEN},
                                   {AT_OPAQUE, AT_SCOPE},
                                   {AT_OPAQUE, AT_AS},
                                   {AT_SELF, AT_OUT}};

static const struct {
  place place;
  const char *name;
} place_names[] = {{ON_FUNCTION, "a function"},
                   {ON_PARAM, "a parameter"},
                   {ON_FIELD, "a field"},
                   {ON_HANDLE, "a handle"},
                   {ON_STRUCT, "a struct"},
                   {ON_ENUM, "an enum"},
                   {ON_CONST, "a constant"},
                   {ON_TYPEDEF, "a typedef"},
                   {ON_CALLBACK, "a callback"},
                   {ON_CALLBACK_PARAM, "a callback's parameter"},
                   {ON_INNER, "an inner pointer"},
                   {ON_LIBRARY, "a directive"},
                   {ON_ENUMERATOR, "an enumerator"},
                   {ON_ERROR, "an error"},
                   {ON_BUNDLE_PARAM, "an error's parameter"}};
enum { PLACES = sizeof place_names / sizeof *place_names };

static const char *place_name(place where) {
  for (int i = 0; i < PLACES; i++)
    if (place_names[i].place == where) return place_names[i].name;
  return "this";
}

static void report_misplaced(compiler *c, const attr *a, place where) {
  buffer places = {0};
  unsigned left = table[a->id].places;
  for (int i = 0; i < PLACES; i++) {
    if (!(left & (unsigned)place_names[i].place)) continue;
    left &= ~(unsigned)place_names[i].place;
    unsigned more = 0;
    for (int j = i + 1; j < PLACES; j++) more |= left & (unsigned)place_names[j].place;
    ist__idl_buffer_add(c, &places, "%s%s",
                        !places.len ? ""
                        : more      ? ", "
                                    : " or ",
                        place_names[i].name);
  }
  ist__idl_error(c, a->at, "'%s' cannot stand on %s; it stands on %s", a->name, place_name(where),
                 places.at);
}

static void report_unknown(compiler *c, const attr *a) {
  guess g = {.wanted = a->name};
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    if (strcmp(a->name, later[i]) == 0) {
      ist__idl_error(c, a->at, "not supported yet: the attribute '%s'", a->name);
      return;
    }
    ist__idl_guess_offer(&g, later[i]);
  }
  for (int i = 0; i < AT_COUNT; i++) ist__idl_guess_offer(&g, table[i].name);
  ist__idl_error(c, a->at, "unknown attribute '%s'%s", a->name, ist__idl_guess_text(c, &g));
}

static const char *counted(compiler *c, int n) {
  return n == 0 ? "no arguments" : n == 1 ? "1 argument" : ist__idl_format(c, "%d arguments", n);
}

static void check_one(compiler *c, attr_list *attrs, int i, place where) {
  attr *a = &attrs->at[i];
  a->id = -1;
  for (int id = 0; id < AT_COUNT && a->id < 0; id++)
    if (strcmp(a->name, table[id].name) == 0) a->id = id;
  // One report for each attribute is enough: whatever is wrong, nothing more is said of it.
  a->used = a->id < 0 || a->id == AT_DOC;
  if (a->id < 0) {
    report_unknown(c, a);
    return;
  }
  for (int j = 0; j < i && a->id != AT_TAG; j++)
    if (attrs->at[j].id == a->id) {
      ist__idl_error(c, a->at, "'%s' is given twice", a->name);
      ist__idl_note(c, attrs->at[j].at, "it was first given here");
      a->used = true;
      return;
    }
  if (!(table[a->id].places & (unsigned)where)) {
    report_misplaced(c, a, where);
    a->used = true;
    a->id = -1;
    return;
  }
  if (a->id == AT_DOC && a->args.count == 1 && a->args.at[0]->kind != X_STRING) {
    ist__idl_error(c, a->at, "'doc' takes a string");
    return;
  }
  int n = a->args.count, min = table[a->id].min, max = table[a->id].max;
  if (n < min || n > max) {
    ist__idl_error(c, a->at, "'%s' takes %s%s, not %d", a->name,
                   min == max ? ""
                   : n < min  ? "at least "
                              : "at most ",
                   counted(c, n < min ? min : max), n);
    a->used = true;
    a->id = -1;
  }
}

bool ist__idl_attrs_check(compiler *c, attr_list *attrs, place where) {
  int before = c->errors;
  for (int i = 0; i < attrs->count; i++) check_one(c, attrs, i, where);
  for (size_t k = 0; k < sizeof exclusive / sizeof *exclusive; k++) {
    const attr *first = NULL;
    for (int i = 0; i < attrs->count; i++) {
      const attr *a = &attrs->at[i];
      if (a->id != exclusive[k][0] && a->id != exclusive[k][1]) continue;
      if (first && first->id != a->id) {
        ist__idl_error(c, a->at, "'%s' and '%s' exclude each other", first->name, a->name);
        break;
      }
      first = a;
    }
  }
  return c->errors == before;
}

attr *ist__idl_attr_find(attr_list *attrs, int id) {
  for (int i = 0; i < attrs->count; i++)
    if (attrs->at[i].id == id) {
      attrs->at[i].used = true;
      return &attrs->at[i];
    }
  return NULL;
}

bool ist__idl_attr_has(attr_list *attrs, int id) {
  for (int i = 0; i < attrs->count; i++)
    if (attrs->at[i].id == id) return true;
  return false;
}

void ist__idl_attrs_unused(compiler *c, const attr_list *attrs, const char *what) {
  for (int i = 0; i < attrs->count; i++)
    if (!attrs->at[i].used)
      ist__idl_error(c, attrs->at[i].at, "'%s' says nothing about %s", attrs->at[i].name, what);
}

const char *ist__idl_attr_name_arg(compiler *c, const attr *a, int i) {
  const expr *e = a->args.at[i];
  if (e->kind == X_NAME) return e->text;
  ist__idl_error(c, e->at, "'%s' takes a name here", a->name);
  return NULL;
}
