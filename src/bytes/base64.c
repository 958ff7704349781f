/* Base64: libcrypto writes it; the strict reader for values that came over the network is here. */
#include "bytes/base64.h"

#include <string.h>

#include <openssl/evp.h>

size_t sap_base64_encode(char *out, const void *bytes, size_t len) {
  return (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
}

size_t sap_base64url_encode(char *out, const void *bytes, size_t len) {
  size_t out_len = sap_base64_encode(out, bytes, len);
  while (out_len > 0 && out[out_len - 1] == '=') out_len--;
  for (size_t i = 0; i < out_len; i++) {
    if (out[i] == '+')
      out[i] = '-';
    else if (out[i] == '/')
      out[i] = '_';
  }
  return out_len;
}

static int digit_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : -1;
}

bool sap_base64url_decode(void *out, size_t *out_len, const char *text, size_t len) {
  unsigned char *at = out;
  unsigned bits = 0, count = 0; /* bits not written yet, and how many */
  for (size_t i = 0; i < len; i++) {
    int value = digit_value(text[i]);
    if (value < 0) return false;
    bits = (bits << 6 | (unsigned)value) & 0xFFF;
    count += 6;
    if (count >= 8) {
      count -= 8;
      *at++ = (unsigned char)(bits >> count);
    }
  }
  *out_len = (size_t)(at - (unsigned char *)out);
  return len % 4 != 1 && (bits & ((1u << count) - 1)) == 0;
}
