/* Cuts the head of an HTTP answer into a status, names and values, without copying and with little trust. */
#include "http/headers.h"

#include <string.h>

/* The characters of a field name (RFC 9110, "token") beside letters and digits. */
static const char token_marks[] = "!#$%&'*+-.^_`|~";

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
         (c != '\0' && strchr(token_marks, c) != NULL);
}

static bool is_token(struct sap_slice text) {
  for (size_t i = 0; i < text.len; i++)
    if (!is_token_char(text.data[i])) return false;
  return text.len > 0;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static struct sap_slice trim_blanks(struct sap_slice text) {
  while (text.len > 0 && is_blank(text.data[0])) {
    text.data++;
    text.len--;
  }
  while (text.len > 0 && is_blank(text.data[text.len - 1])) text.len--;
  return text;
}

/* Takes one line, which ends with LF or CRLF or the end of the head, and leaves its ending out. */
static bool take_line(struct sap_slice *rest, struct sap_slice *line) {
  if (rest->len == 0) return false;
  const char *end = memchr(rest->data, '\n', rest->len);
  line->data = rest->data;
  line->len = end != NULL ? (size_t)(end - rest->data) : rest->len;
  rest->data += line->len + (end != NULL);
  rest->len -= line->len + (end != NULL);
  if (line->len > 0 && line->data[line->len - 1] == '\r') line->len--;
  return true;
}

static bool split_header(struct sap_slice line, struct sap_slice *name, struct sap_slice *value) {
  const char *colon = memchr(line.data, ':', line.len);
  if (colon == NULL) return false;
  name->data = line.data;
  name->len = (size_t)(colon - line.data);
  value->data = colon + 1;
  value->len = line.len - name->len - 1;
  *value = trim_blanks(*value);
  return is_token(*name);
}

/* "HTTP/1.1 200 OK", "HTTP/2 200": the version is passed over, the three digits must stand alone. */
bool sap_headers_status(struct sap_slice *rest, int *status) {
  struct sap_slice left = *rest, line;
  if (!take_line(&left, &line) || line.len < 5 || memcmp(line.data, "HTTP/", 5) != 0) return false;
  const char *digits = memchr(line.data, ' ', line.len);
  if (digits == NULL) return false;
  digits++;
  line.len -= (size_t)(digits - line.data);
  if (line.len < 3 || !is_digit(digits[0]) || !is_digit(digits[1]) || !is_digit(digits[2])) return false;
  if (line.len > 3 && digits[3] != ' ') return false;
  *status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  *rest = left;
  return true;
}

bool sap_headers_next(struct sap_slice *rest, struct sap_slice *name, struct sap_slice *value) {
  struct sap_slice line;
  while (take_line(rest, &line) && line.len > 0)
    if (split_header(line, name, value)) return true;
  return false;
}
