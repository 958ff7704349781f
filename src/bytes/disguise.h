/* Tells quickly that a text holds no secret, under whatever it wears: percent-encoding, the escapes of JSON and HTML,
   several times over one another, and base64. What may hold one is for a closer look (disguises.lua). */
#ifndef SAPANYWHERE_DISGUISE_H
#define SAPANYWHERE_DISGUISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAP_MOST_SECRETS = 16, SAP_LONGEST_NEEDLE = 16, SAP_GRAM_BITS = 13 };

/* What is looked for: the beginnings, all of one length, of each secret and of its base64 at three offsets. */
struct sap_needles {
  size_t length, count;
  unsigned char bytes[4 * SAP_MOST_SECRETS][SAP_LONGEST_NEEDLE];
  uint64_t grams[(1 << SAP_GRAM_BITS) / 64]; /* a bit for every four bytes in a row of any needle */
};

/* Begins with the length of the shortest secret. False where these cannot be looked for: too short, or too many. */
bool sap_needles_begin(struct sap_needles *needles, size_t shortest, size_t count);
void sap_needles_add(struct sap_needles *needles, const char *secret, size_t len);
void sap_needles_wipe(struct sap_needles *needles);

/* False where none of them is in the text. */
bool sap_may_hold(const struct sap_needles *needles, const char *text, size_t len);

#endif
