/* The head of an answer: what is found lies in it, is what a header may be, and there is an end to it. */
#include "http/headers.h"
#include "fuzz.h"

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static void check_name(struct sap_slice name) {
  PROMISE(name.len > 0);
  for (size_t i = 0; i < name.len; i++)
    PROMISE(name.data[i] > ' ' && name.data[i] < 0x7f && strchr(":()<>@,;\\\"/[]?={}", name.data[i]) == NULL);
}

static void check_value(struct sap_slice value) {
  if (value.len == 0) return;
  PROMISE(!is_blank(value.data[0]) && !is_blank(value.data[value.len - 1]));
  PROMISE(memchr(value.data, '\n', value.len) == NULL);
}

static void check_status(struct sap_slice *rest, const char *text, size_t len) {
  struct sap_slice before = *rest;
  int status = -1;

  if (sap_headers_status(rest, &status)) {
    PROMISE(status >= 0 && status <= 999 && rest->len < before.len);
    PROMISE(memcmp(text, "HTTP/", 5) == 0);
  } else {
    PROMISE(status == -1 && rest->data == before.data && rest->len == before.len);
  }
  PROMISE(fuzz_lies_in(*rest, text, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = size > 0 ? (const char *)data : "";
  struct sap_slice rest = { text, size }, name, value;
  size_t left;

  check_status(&rest, text, size);
  for (left = rest.len; sap_headers_next(&rest, &name, &value); left = rest.len) {
    PROMISE(rest.len < left && rest.data + rest.len == text + size);
    PROMISE(fuzz_lies_in(name, text, size) && fuzz_lies_in(value, text, size));
    PROMISE(name.data + name.len < value.data + (value.len == 0));
    check_name(name);
    check_value(value);
  }
  PROMISE(rest.data + rest.len == text + size);
  return 0;
}
