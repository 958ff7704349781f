/* Tells whether a text holds a secret, under whatever it wears: percent-encoding, the escapes of JSON and HTML, several
   times over one another, and base64. disguises.lua hides what is found. */
#ifndef SAP_BYTES_DISGUISE_H
#define SAP_BYTES_DISGUISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SAP_SHORTEST_SECRET =
      4, /* a shorter one is found only where no letter or digit touches it, and not in base64 */
  SAP_MOST_SECRETS = 16,
  SAP_LONGEST_PREFIX = 32,
  SAP_GRAM_BITS = 13
};

/* A secret, or its base64 with `shift` bytes before it. Its bytes belong to the caller. */
struct sap_needle {
  const char *secret;
  size_t len;
  int shift; /* negative: as it is */
};

/* What is looked for. Prefixes of one length find the place quickly; only the whole needle counts. */
struct sap_needles {
  size_t shortest, prefix_len, count, short_count; /* the shortest of those that are not too short, or less */
  struct sap_needle needles[4 * SAP_MOST_SECRETS], short_needles[SAP_MOST_SECRETS];
  unsigned char prefixes[4 * SAP_MOST_SECRETS][SAP_LONGEST_PREFIX];
  uint64_t grams[(1 << SAP_GRAM_BITS) / 64]; /* a bit for every four bytes in a row of any prefix */
  bool begins[256];                          /* the first bytes of the prefixes */
};

/* Begins with the length of the shortest secret that is not too short, or less. */
void sap_needles_begin(struct sap_needles *needles, size_t shortest);
/* At most SAP_MOST_SECRETS times. The secret stays where it is until the needles are wiped. */
void sap_needles_add(struct sap_needles *needles, const char *secret, size_t len);
void sap_needles_wipe(struct sap_needles *needles);

/* Whether one of them is in the text, up to three layers of escapes deep; true as well where there is no memory to look.
   Takes time that grows with the text's length and no faster: a bounded number of layers, each looked through once,
   with a bounded number of comparisons at each byte. */
bool sap_may_hold(const struct sap_needles *needles, const char *text, size_t len);

/* Whether one of them may be in a name of which small letters are all that is left, or the name may be a disguise. */
bool sap_may_name(const struct sap_needles *needles, const char *name, size_t len);

#endif
