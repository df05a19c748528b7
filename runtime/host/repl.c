/* Interactive input: one text at a time, evaluated so that declarations last, `await` and `import`
 * stand anywhere, and the last value is shown. What has no place in a script is rewritten first:
 * `import` declarations become import(). */
#include "internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Import declarations ---- */

typedef struct cursor {
  const char *at, *end;
} cursor;

static void skip_space(cursor *in) {
  while (in->at < in->end && isspace((unsigned char)*in->at)) in->at++;
}

static bool is_name_char(char c) {
  return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Takes a name after white space; false when none stands there. */
static bool take_name(cursor *in, const char **name, size_t *length) {
  skip_space(in);
  *name = in->at;
  while (in->at < in->end && is_name_char(*in->at)) in->at++;
  *length = (size_t)(in->at - *name);
  return *length > 0;
}

static bool take_word(cursor *in, const char *word) {
  cursor saved = *in;
  const char *name;
  size_t length;
  if (take_name(in, &name, &length) && length == strlen(word) && !strncmp(name, word, length))
    return true;
  *in = saved;
  return false;
}

static bool take_char(cursor *in, char c) {
  skip_space(in);
  if (in->at >= in->end || *in->at != c) return false;
  in->at++;
  return true;
}

/* Takes a string literal with its quotes. */
static bool take_string(cursor *in, const char **text, size_t *length) {
  skip_space(in);
  if (in->at >= in->end || (*in->at != '"' && *in->at != '\'')) return false;
  const char *begin = in->at;
  char quote = *in->at++;
  while (in->at < in->end && *in->at != quote && *in->at != '\n')
    in->at += *in->at == '\\' && in->at + 1 < in->end ? 2 : 1;
  if (in->at >= in->end || *in->at != quote) return false;
  in->at++;
  *text = begin;
  *length = (size_t)(in->at - begin);
  return true;
}

/* `{a, b as c, default as d}` as the inside of an object pattern. */
static bool take_names(cursor *in, ist__text *pattern) {
  while (!take_char(in, '}')) {
    const char *name, *alias;
    size_t length, alias_length;
    if (!take_string(in, &name, &length) && !take_name(in, &name, &length)) return false;
    ist__text_add(pattern, name, length);
    if (take_word(in, "as")) {
      if (!take_name(in, &alias, &alias_length)) return false;
      ist__text_puts(pattern, ": ");
      ist__text_add(pattern, alias, alias_length);
    }
    ist__text_puts(pattern, ", ");
    if (!take_char(in, ',')) {
      if (!take_char(in, '}')) return false;
      break;
    }
  }
  return true;
}

/* Rewrites one import declaration that begins at `in`; false, with nothing taken, when it is none.
 */
static bool take_import(cursor *in, ist__text *out) {
  cursor at = *in;
  if (!take_word(&at, "import")) return false;
  ist__text pattern = {0}, space = {0};
  const char *name, *specifier;
  size_t length, specifier_length;
  bool bound = false, ok = true;
  if (!take_string(&at, &specifier, &specifier_length)) {
    if (take_name(&at, &name, &length)) {
      ist__text_puts(&pattern, "default: ");
      ist__text_add(&pattern, name, length);
      ist__text_puts(&pattern, ", ");
      bound = true;
      if (!take_char(&at, ',')) goto from;
    }
    if (take_char(&at, '*')) {
      ok = take_word(&at, "as") && take_name(&at, &name, &length);
      if (ok) ist__text_add(&space, name, length);
    } else {
      ok = take_char(&at, '{') && take_names(&at, &pattern);
      bound = true;
    }
  from:
    ok = ok && take_word(&at, "from") && take_string(&at, &specifier, &specifier_length);
  }
  cursor before_assert = at;
  if (ok && (take_word(&at, "assert") || take_word(&at, "with"))) {
    if (take_char(&at, '{')) {
      while (at.at < at.end && *at.at != '}') at.at++;
      ok = take_char(&at, '}');
    } else {
      at = before_assert;
    }
  }
  if (ok) {
    (void)take_char(&at, ';');
    if (space.data) {
      ist__text_printf(out, "const %s = await import(", space.data);
      ist__text_add(out, specifier, specifier_length);
      ist__text_puts(out, ");");
      if (bound) ist__text_printf(out, " const {%s} = %s;", pattern.data, space.data);
    } else {
      if (bound) ist__text_printf(out, "const {%s} = ", pattern.data ? pattern.data : "");
      ist__text_puts(out, "await import(");
      ist__text_add(out, specifier, specifier_length);
      ist__text_puts(out, bound ? ");" : "), undefined;");
    }
    *in = at;
  }
  ist__text_free(&pattern);
  ist__text_free(&space);
  return ok;
}

/* The input as the inspector can evaluate it. Imports are looked for at the beginning, one after
 * another, as programs have them. */
static char *rewrite(ist_host *host, const char *source, size_t length) {
  cursor in = {source, source + length};
  ist__text out = {0};
  ist__text_puts(&out, "");
  do skip_space(&in);
  while (take_import(&in, &out));
  /* A value in braces means an object, where it can. */
  size_t rest = (size_t)(in.end - in.at);
  while (rest && isspace((unsigned char)in.at[rest - 1])) rest--;
  if (!out.length && rest > 1 && *in.at == '{' && in.at[rest - 1] == '}') {
    ist__text_puts(&out, "(");
    ist__text_add(&out, in.at, rest);
    ist__text_puts(&out, "\n)");
    if (ist__script_parses(host->context, out.data, out.length)) return out.data;
    out.length = 0;
  }
  ist__text_add(&out, in.at, (size_t)(in.end - in.at));
  return out.data;
}

/* ---- Evaluation ---- */

void ist_host_interrupt(ist_host *host) {
  if (!host || !atomic_load(&host->evaluating)) return;
  atomic_store(&host->interrupted, true);
  (void)ist_isolate_terminate(host->isolate);
  ist__isolate_wake(host->isolate);
}

static ist_status evaluate(ist_host *host, const char *source, size_t length, bool colors,
                           ist_repl_result *result) {
  char *text = rewrite(host, source, length);
  ist_status status = ist__repl_start(host->context, text, strlen(text));
  free(text);
  if (status) return status;
  ist__loop_settle(host->loop);
  bool more = true;
  while (ist__repl_waiting(host->context) && more && !host->exiting &&
         !atomic_load(&host->interrupted))
    more = ist__loop_turn(host->loop, true);
  bool settled = !ist__repl_waiting(host->context);
  ist__repl_abandon(host->context);
  ist__isolate_resume(host->isolate);

  result->text = NULL;
  if (host->exiting) {
    result->outcome = IST_REPL_EXIT;
    result->exit_code = host->exit_code;
  } else if (atomic_load(&host->interrupted)) {
    result->outcome = IST_REPL_ERROR;
    result->text = ist__must_copy("Interrupted");
  } else if (!settled) {
    result->outcome = IST_REPL_ERROR;
    result->text = ist__must_copy("Awaiting what will never come");
  } else {
    ist_value value;
    ist_error *error;
    status = ist__repl_finish(host->context, &value, &error);
    result->outcome = status ? IST_REPL_ERROR : IST_REPL_DONE;
    if (status)
      result->text = ist__report_format(host, error, colors);
    else {
      if (value.type != IST_UNDEFINED) result->text = ist__report_inspect(host, value, colors);
      ist_value global;
      if (!ist_context_global(host->context, &global))
        (void)ist_object_define(host->context, global, "_", value,
                                IST_PROP_WRITABLE | IST_PROP_CONFIGURABLE, NULL);
    }
    ist_error_free(error);
  }
  return IST_OK;
}

ist_status ist__repl_run(ist_host *host, const char *source, size_t length, bool colors,
                         ist_repl_result *result) {
  if (ist__script_incomplete(host->context, source, length, true)) {
    result->outcome = IST_REPL_INCOMPLETE;
    result->text = NULL;
    return IST_OK;
  }
  uint32_t scope;
  ist_status status = ist_scope_open(host->isolate, &scope);
  if (status) return status;
  atomic_store(&host->interrupted, false);
  atomic_store(&host->evaluating, true);
  status = evaluate(host, source, length, colors, result);
  atomic_store(&host->evaluating, false);
  ist__isolate_resume(host->isolate);
  ist_scope_close(host->isolate, scope);
  return status;
}

ist_status ist_host_repl_eval(ist_host *host, const char *source, size_t length, bool colors,
                              ist_repl_result *result) {
  if (!host || !source || !result || result->size < sizeof *result) return IST_ERR_ARGUMENT;
  host->interactive = true;
  return ist__repl_run(host, source, length, colors, result);
}

/* ---- Completion ---- */

ist_status ist_host_repl_complete(ist_host *host, const char *source, size_t length,
                                  char **completions, size_t *start) {
  if (!host || !source || !completions || !start) return IST_ERR_ARGUMENT;
  uint32_t scope;
  ist_status status = ist_scope_open(host->isolate, &scope);
  if (status) return status;
  ist__text list = {0};
  ist__text_puts(&list, "");
  *start = length;
  ist_value complete, line, answer, names, from;
  uint32_t count = 0;
  status = ist__context_registered(host->context, "complete", &complete);
  if (!status) status = ist_string_new(host->isolate, source, length, &line);
  if (!status)
    status = ist_function_call(host->context, complete, ist_undefined(), 1, &line, &answer, NULL);
  if (!status) status = ist_object_get_index(host->context, answer, 0, &names, NULL);
  if (!status) status = ist_object_get_index(host->context, answer, 1, &from, NULL);
  if (!status) status = ist_array_length(host->isolate, names, &count);
  if (!status && from.type == IST_INT32 && from.as.int32 >= 0) {
    /* The place counts UTF-16 units; here bytes are wanted. */
    size_t units = (size_t)from.as.int32, at = 0;
    while (at < length && units) {
      unsigned char byte = (unsigned char)source[at];
      size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      units -= size == 4 && units > 1 ? 2 : 1;
      at += size;
    }
    *start = at < length ? at : length;
  }
  for (uint32_t i = 0; !status && i < count; i++) {
    ist_value name;
    char *text;
    size_t size;
    if (ist_object_get_index(host->context, names, i, &name, NULL) ||
        ist_string_read(host->isolate, name, &text, &size))
      continue;
    ist__text_add(&list, text, size);
    ist__text_puts(&list, "\n");
    ist_free(text);
  }
  ist_scope_close(host->isolate, scope);
  *completions = list.data;
  return IST_OK;
}
