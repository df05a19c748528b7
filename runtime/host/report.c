/* Showing errors and values. runtime/js does the work; when even that fails, a plain text is made
 * here. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static ist_value options_of(ist_host *host, bool colors) {
  ist_value options = ist_undefined();
  if (ist_object_new(host->context, &options)) return ist_undefined();
  (void)ist__define(host->context, options, "colors", ist_bool(colors));
  struct winsize size;
  bool known = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > 0;
  (void)ist__define(host->context, options, "columns", ist_int32(known ? size.ws_col : 80));
  return options;
}

/* The text that a registered function of runtime/js makes, or NULL. */
static char *ask(ist_host *host, const char *function, size_t argc, const ist_value *argv) {
  ist_value callee, result;
  char *text = NULL;
  if (ist__context_registered(host->context, function, &callee)) return NULL;
  if (ist_function_call(host->context, callee, ist_undefined(), argc, argv, &result, NULL))
    return NULL;
  if (ist_string_read(host->isolate, result, &text, NULL)) return NULL;
  return text;
}

static char *plain(const ist_error *error) {
  ist__text text = {0};
  if (error->file && error->line > 0) {
    char *shown = ist__url_shown(error->file);
    ist__text_printf(&text, "%s:%d:%d\n", shown, error->line, error->column);
    free(shown);
    if (error->source_line) {
      ist__text_printf(&text, "%s\n", error->source_line);
      for (int i = 1; i < error->column; i++) ist__text_puts(&text, " ");
      ist__text_puts(&text, "^\n");
    }
  }
  if (error->stack && *error->stack)
    ist__text_puts(&text, error->stack);
  else
    ist__text_printf(&text, "%s%s%s", error->name ? error->name : "",
                     error->name && *error->name ? ": " : "",
                     error->message ? error->message : ist_status_text(error->status));
  return text.data;
}

char *ist__report_format(ist_host *host, const ist_error *error, bool colors) {
  if (!error) return ist__must_copy(ist_status_text(IST_ERR_MEMORY));
  uint32_t scope;
  char *text = NULL;
  if (error->status == IST_ERR_TERMINATED || ist_scope_open(host->isolate, &scope))
    return plain(error);
  /* An error of the host's own has no JavaScript value: there is nothing beyond its text. */
  bool thrown =
      error->stack || error->status == IST_ERR_EXCEPTION || error->status == IST_ERR_SYNTAX;
  if (thrown) {
    char *shown = error->file ? ist__url_shown(error->file) : NULL;
    ist_error placed = *error;
    placed.file = shown;
    ist_value args[3] = {error->value, ist_undefined(), options_of(host, colors)};
    (void)ist__error_location(host->context, &placed, &args[1]);
    text = ask(host, "formatError", 3, args);
    free(shown);
  }
  ist_scope_close(host->isolate, scope);
  return text ? text : plain(error);
}

char *ist__report_inspect(ist_host *host, ist_value value, bool colors) {
  uint32_t scope;
  if (ist_scope_open(host->isolate, &scope)) return ist__must_copy("");
  ist_value args[2] = {value, options_of(host, colors)};
  char *text = ask(host, "inspect", 2, args);
  ist_scope_close(host->isolate, scope);
  return text ? text : ist__must_copy("(a value that could not be shown)");
}

void ist__report_uncaught(ist_host *host, const ist_error *error) {
  if (host->exiting) return;
  bool interrupted = atomic_load(&host->interrupted);
  if (interrupted && error && error->status == IST_ERR_TERMINATED) return;
  char *text = ist__report_format(host, error, ist__io_colors(STDERR_FILENO));
  ist__text line = {0};
  ist__text_printf(&line, "%s\n", text);
  ist__io_write_all(STDERR_FILENO, line.data, line.length);
  ist__text_free(&line);
  free(text);
  if (host->interactive) return;
  host->exiting = true;
  host->exit_code = 1;
  ist__loop_stop(host->loop);
}
