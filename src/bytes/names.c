/* Knows the names that secrets stand under. */
#include "bytes/names.h"

#include <string.h>

/* The one list. Some words are sensitive at the end of longer names too. */
#define WHOLE(text)                                                                                          \
  { text, sizeof(text) - 1, false }
#define ENDING(text)                                                                                         \
  { text, sizeof(text) - 1, true }
static const struct {
  const char *text;
  size_t len;
  bool ends_names;
} words[] = {
  WHOLE("code"),           WHOLE("authorizationcode"),
  WHOLE("authcode"),       WHOLE("providerdatacode"),
  WHOLE("codeverifier"),   WHOLE("sig"),
  ENDING("authorization"), ENDING("cookie"),
  ENDING("token"),         ENDING("tokenhint"),
  ENDING("secret"),        ENDING("secretkey"),
  ENDING("apikey"),        ENDING("accesskey"),
  ENDING("privatekey"),    ENDING("password"),
  ENDING("passwd"),        ENDING("pwd"),
  ENDING("passphrase"),    ENDING("jwt"),
  ENDING("assertion"),     ENDING("signature"),
  ENDING("signaturekey"),
};

/* What would be taken for one of them: where a list goes on. */
static const char *const public_names[] = { "elementsnextpagetoken", "nextpagetoken", "pagetoken" };

enum { LONGEST = 24 }; /* no word or public name is longer */

/* The letters and digits of a name, in small letters: the last ones, and whether these are all. */
struct bare {
  char room[LONGEST], *text;
  size_t len;
  bool is_whole;
};

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

static void strip(struct bare *bare, const char *name, size_t len) {
  bare->text = bare->room + LONGEST;
  bare->len = 0;
  bare->is_whole = true;
  for (size_t i = len; i > 0 && bare->is_whole; i--) {
    if (!is_letter(name[i - 1]) && (name[i - 1] < '0' || name[i - 1] > '9')) continue;
    bare->is_whole = bare->len < LONGEST;
    if (!bare->is_whole) return;
    *--bare->text = lower(name[i - 1]);
    bare->len++;
  }
}

static bool equals(const struct bare *bare, const char *text) {
  return bare->is_whole && bare->len == strlen(text) && memcmp(bare->text, text, bare->len) == 0;
}

static bool is_public(const struct bare *bare) {
  for (size_t i = 0; i < sizeof public_names / sizeof public_names[0]; i++)
    if (equals(bare, public_names[i])) return true;
  return false;
}

static bool has_word(const struct bare *bare) {
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    size_t len = words[i].len;
    if (len > bare->len || bare->text[bare->len - 1] != words[i].text[len - 1]) continue;
    if (memcmp(bare->text + bare->len - len, words[i].text, len) != 0) continue;
    if (words[i].ends_names || (bare->is_whole && bare->len == len)) return true;
  }
  return false;
}

bool sap_is_sensitive_name(const char *name, size_t len) {
  struct bare bare;
  while (len > 0 && !is_letter(name[len - 1])) len--;
  strip(&bare, name, len);
  if (bare.len == 0 || is_public(&bare)) return false;
  if (has_word(&bare)) return true;
  if (bare.text[bare.len - 1] != 's') return false;
  bare.len--;
  return has_word(&bare);
}
