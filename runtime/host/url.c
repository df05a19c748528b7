/* Paths and file: URLs. A module is known by its URL: the percent-encoded real path, plus the query
 * and fragment that the import wrote. Nothing here touches the file system but for the working
 * directory. */
#include "internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *ist__url_from_path(const char *path) {
  ist__text url = {0};
  ist__text_puts(&url, "file://");
  for (const unsigned char *at = (const unsigned char *)path; *at; at++) {
    if (isalnum(*at) || strchr("-_.~/!$&'()*+,;=:@[]", *at))
      ist__text_add(&url, (const char *)at, 1);
    else
      ist__text_printf(&url, "%%%02X", *at);
  }
  return url.data;
}

static int hex(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit = (char)tolower((unsigned char)digit);
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

char *ist__url_to_path(const char *url, const char **suffix) {
  static const char scheme[] = "file://";
  if (strncmp(url, scheme, sizeof scheme - 1)) return NULL;
  const char *at = url + sizeof scheme - 1;
  if (!strncmp(at, "localhost/", 10)) at += 9;
  if (*at != '/') return NULL;
  size_t length = strcspn(at, "?#");
  if (suffix) *suffix = at + length;
  ist__text path = {0};
  for (const char *end = at + length; at < end; at++) {
    char byte = *at;
    if (byte == '%' && end - at > 2 && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
      byte = (char)(hex(at[1]) * 16 + hex(at[2]));
      at += 2;
    }
    if (!byte) {
      ist__text_free(&path);
      return NULL;
    }
    ist__text_add(&path, &byte, 1);
  }
  return path.data;
}

char *ist__path_join(const char *directory, const char *path) {
  ist__text joined = {0};
  if (*path != '/') {
    ist__text_puts(&joined, directory);
    ist__text_puts(&joined, "/");
  }
  ist__text_puts(&joined, path);

  ist__text clean = {0};
  ist__text_puts(&clean, "");
  for (const char *at = joined.data; *at;) {
    while (*at == '/') at++;
    size_t length = strcspn(at, "/");
    if (!length) break;
    if (length == 2 && !strncmp(at, "..", 2)) {
      while (clean.length && clean.data[clean.length - 1] != '/') clean.length--;
      if (clean.length) clean.length--;
      clean.data[clean.length] = '\0';
    } else if (length != 1 || *at != '.') {
      ist__text_puts(&clean, "/");
      ist__text_add(&clean, at, length);
    }
    at += length;
  }
  if (!clean.length) ist__text_puts(&clean, "/");
  ist__text_free(&joined);
  return clean.data;
}

char *ist__path_cwd(void) {
  char *cwd = getcwd(NULL, 0);
  return cwd ? cwd : ist__must_copy("/");
}

char *ist__url_shown(const char *url) {
  if (!*url) return ist__must_copy("[input]");
  char *path = ist__url_to_path(url, NULL);
  if (!path) return ist__must_copy(url);
  const char *name = strrchr(path, '/') + 1;
  if (*name == '[') {
    char *shown = ist__must_copy(name);
    free(path);
    return shown;
  }
  return path;
}
