/* An error as text for a person: place, class and message, the source line with a caret, the stack,
 * and its causes. Knows nothing of V8, so that any thread can show any error. What could move a
 * terminal's cursor or turn the direction of writing is shown by its number. */
#include "internal.h"

#include <stdio.h>

namespace {

/* A line that is wider is cut to a window around the place. */
enum { WIDEST_LINE = 120, MOST_CAUSES = 16 };

struct text {
  char *data;
  size_t length, capacity;
  bool failed;

  void put(const char *bytes, size_t count) {
    if (failed) return;
    if (capacity - length <= count) {
      size_t wanted = (length + count + 1) * 2;
      char *grown = static_cast<char *>(ist__realloc(data, wanted));
      if (!grown) {
        failed = true;
        return;
      }
      data = grown;
      capacity = wanted;
    }
    memcpy(data + length, bytes, count);
    length += count;
    data[length] = '\0';
  }

  void put(const char *string) { put(string, strlen(string)); }

  void put_number(int32_t number) {
    char digits[16];
    snprintf(digits, sizeof digits, "%d", static_cast<int>(number));
    put(digits);
  }

  void put_clean(const char *from, size_t count);
};

/* One character of a text, as it will be shown. */
struct shown {
  size_t bytes; /* in the text */
  int units;    /* of UTF-16 */
  int width;    /* columns on a terminal */
  bool plain;   /* shown as it is; otherwise by `escape` */
  char escape[16];
};

struct range {
  uint32_t first, last;
};

bool within(uint32_t code, const range *ranges, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (code >= ranges[i].first && code <= ranges[i].last) return true;
  return false;
}

int width_of(uint32_t code) {
  static const range none[] = {{0x0300, 0x036F}, {0x0483, 0x0489},   {0x0591, 0x05BD},
                               {0x0610, 0x061A}, {0x064B, 0x065F},   {0x200B, 0x200F},
                               {0x2060, 0x2064}, {0x20D0, 0x20FF},   {0xFE00, 0xFE0F},
                               {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF}, {0xE0100, 0xE01EF}};
  static const range two[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x4DBF},
                              {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
                              {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                              {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                              {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
  if (code < 0x300) return 1;
  if (within(code, none, sizeof none / sizeof *none)) return 0;
  return within(code, two, sizeof two / sizeof *two) ? 2 : 1;
}

/* Whether showing a character would do something to the terminal or the text around it. */
bool is_dangerous(uint32_t code) {
  static const range ranges[] = {
      {0x00, 0x08}, {0x0A, 0x1F}, {0x7F, 0x9F}, {0x202A, 0x202E}, {0x2066, 0x2069}};
  return within(code, ranges, sizeof ranges / sizeof *ranges);
}

shown next_of(const char *from, size_t left) {
  const unsigned char *at = reinterpret_cast<const unsigned char *>(from);
  shown made = {1, 1, 1, true, ""};
  uint32_t code = at[0];
  size_t more = code < 0xC2 ? 0 : code < 0xE0 ? 1 : code < 0xF0 ? 2 : code < 0xF5 ? 3 : 0;
  if (more) code &= 0x3Fu >> more;
  bool formed = (at[0] < 0x80 || more) && more < left;
  for (size_t i = 1; formed && i <= more; i++) {
    formed = (at[i] & 0xC0) == 0x80;
    code = code << 6 | (at[i] & 0x3F);
  }
  if (!formed) {
    made.plain = false;
    snprintf(made.escape, sizeof made.escape, "\xEF\xBF\xBD");
    return made;
  }
  made.bytes = more + 1;
  made.units = more == 3 ? 2 : 1;
  made.width = width_of(code);
  if (is_dangerous(code)) {
    made.plain = false;
    made.width = snprintf(made.escape, sizeof made.escape, code < 0x100 ? "\\x%02X" : "\\u%04X",
                          static_cast<unsigned>(code));
  }
  return made;
}

void text::put_clean(const char *from, size_t count) {
  size_t done = 0;
  for (size_t at = 0; at < count;) {
    shown character = next_of(from + at, count - at);
    if (!character.plain && from[at] != '\n') {
      put(from + done, at - done);
      put(character.escape);
      done = at + character.bytes;
    }
    at += character.bytes;
  }
  put(from + done, count - done);
}

/* The line, and below it a caret for each column of the place. */
void put_source(text *to, const ist_error *error) {
  const char *line = error->source_line;
  size_t length = strlen(line);
  int start = error->column - 1, end = error->end_column - 1;
  if (end <= start) end = start + 1;
  /* Where the place begins on the screen, and how wide the line is. */
  int width = 0, mark = -1, unit = 0;
  for (size_t at = 0; at < length;) {
    shown character = next_of(line + at, length - at);
    if (mark < 0 && unit + character.units > start) mark = width;
    width += character.width;
    unit += character.units;
    at += character.bytes;
  }
  if (mark < 0) mark = width;
  int first = 0, last = width;
  if (width > WIDEST_LINE) {
    first = mark > WIDEST_LINE / 2 ? mark - WIDEST_LINE / 2 : 0;
    if (first > width - WIDEST_LINE) first = width - WIDEST_LINE;
    last = first + WIDEST_LINE;
  }
  text carets = {};
  bool marked = false;
  if (first) {
    to->put("\xE2\x80\xA6");
    carets.put(" ");
  }
  int column = 0;
  unit = 0;
  for (size_t at = 0; at < length && column < last;) {
    shown character = next_of(line + at, length - at);
    if (column >= first) {
      if (character.plain)
        to->put(line + at, character.bytes);
      else
        to->put(character.escape);
      bool inside = unit + character.units > start && unit < end;
      marked |= inside && character.width;
      if (line[at] == '\t' && !inside)
        carets.put("\t");
      else
        for (int i = 0; i < character.width; i++) carets.put(inside ? "^" : " ");
    }
    column += character.width;
    unit += character.units;
    at += character.bytes;
  }
  if (last < width) to->put("\xE2\x80\xA6");
  to->put("\n");
  if (error->column > 0) {
    if (!marked) carets.put("^");
    size_t used = carets.length;
    while (used && (carets.data[used - 1] == ' ' || carets.data[used - 1] == '\t')) used--;
    if (used) to->put(carets.data, used);
    to->put("\n");
  }
  to->failed |= carets.failed;
  ist__free(carets.data);
}

void put_lines(text *to, const char *from) {
  size_t length = strlen(from);
  while (length && from[length - 1] == '\n') length--;
  if (!length) return;
  to->put_clean(from, length);
  to->put("\n");
}

/* The stack without the lines that repeat class and message, when it has the form of V8's. */
void put_stack(text *to, const ist_error *error) {
  static const char frame[] = "\n    at ";
  const char *at = error->stack;
  const char *name = error->name ? error->name : "",
             *message = error->message ? error->message : "";
  if (!strncmp(at, name, strlen(name))) at += strlen(name);
  if (*message && at != error->stack && !strncmp(at, ": ", 2)) at += 2;
  if (!strncmp(at, message, strlen(message))) at += strlen(message);
  if (!*at) return;
  if (strncmp(at, frame, sizeof frame - 1)) {
    const char *frames = strstr(error->stack, frame);
    at = frames ? frames : error->stack;
  }
  put_lines(to, *at == '\n' ? at + 1 : at);
}

void put_frames(text *to, const ist_error *error) {
  for (size_t i = 0; i < error->frame_count; i++) {
    const ist_frame *frame = &error->frames[i];
    to->put("    at ");
    if (frame->flags & IST_FRAME_ASYNC) to->put("async ");
    if (frame->flags & IST_FRAME_CONSTRUCTOR) to->put("new ");
    bool named = *frame->function;
    to->put_clean(frame->function, strlen(frame->function));
    if (named) to->put(" (");
    to->put_clean(frame->script, strlen(frame->script));
    if (frame->line > 0) {
      to->put(":");
      to->put_number(frame->line);
      to->put(":");
      to->put_number(frame->column);
    }
    to->put(named ? ")\n" : "\n");
  }
}

void put_error(text *to, const ist_error *error) {
  if (error->file) {
    to->put_clean(error->file, strlen(error->file));
    if (error->line > 0) {
      to->put(":");
      to->put_number(error->line);
      if (error->column > 0) {
        to->put(":");
        to->put_number(error->column);
      }
    }
    to->put(": ");
  }
  bool named = error->name && *error->name, worded = error->message && *error->message;
  if (named) to->put_clean(error->name, strlen(error->name));
  if (named && worded) to->put(": ");
  if (worded) to->put_clean(error->message, strlen(error->message));
  if (!named && !worded) to->put(ist_status_text(error->status));
  to->put("\n");
  if (error->source_line && *error->source_line) put_source(to, error);
  if (error->stack && *error->stack)
    put_stack(to, error);
  else
    put_frames(to, error);
}

} // namespace

char *ist_error_format(const ist_error *error) {
  text made = {};
  if (!error) {
    made.put(ist_status_text(IST_ERR_MEMORY));
    made.put("\n");
  }
  for (int depth = 0; error && depth < MOST_CAUSES; depth++, error = error->cause) {
    if (depth) made.put("caused by: ");
    put_error(&made, error);
  }
  if (!made.failed) return made.data;
  ist__free(made.data);
  return nullptr;
}
