/* The head of an answer: what is found lies in it, is what a header may be, and there is an end to it. */
#include "http/coding.h"
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

/* Line by line, as libcurl gives them: what may have no coding never has one that is kept. */
static void check_codings(const char *text, size_t len) {
  for (int bits = 0; bits < 4; bits++) {
    struct sap_coding coding = { .gzip = bits & 1, .once = bits & 2 };
    const char *at = text, *end = text + len;

    sap_coding_begin(&coding, 200);
    while (at < end) {
      const char *stop = memchr(at, '\n', (size_t)(end - at));
      size_t size = (size_t)((stop != NULL ? stop + 1 : end) - at);
      bool kept = sap_coding_read(&coding, at, size);

      PROMISE(!kept || coding.layers <= (unsigned)(bits != 0));
      at += size;
    }
  }
}

/* What a body may be: unpacked within its limit, or left as it was. */
static void check_unpacking(const char *text, size_t len) {
  enum { MOST = 5000 };
  struct sap_coding coding = { .once = true };
  struct sap_buffer body = { 0 };

  PROMISE(sap_buffer_append(&body, text, len) == 0);
  if (sap_coding_undo(&coding, &body, MOST) == SAP_UNPACKED)
    PROMISE(body.len <= MOST && coding.undone);
  else
    PROMISE(body.len == len && !coding.undone);
  sap_buffer_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = size > 0 ? (const char *)data : "";
  struct sap_slice rest = { text, size }, name, value;
  size_t left;

  check_codings(text, size);
  check_unpacking(text, size);
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
