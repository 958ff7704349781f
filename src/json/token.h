/* The tokens of JSON (RFC 8259) that need a close look: numbers, and what is no plain text in a string. */
#ifndef SAP_JSON_TOKEN_H
#define SAP_JSON_TOKEN_H

#include <stdbool.h>

/* What is wrong, without a byte of the text, and where. */
struct sap_json_fault {
  const char *what, *at;
};

/* Each takes a token off the text between `at` and `end` and returns where it ends, or NULL and the fault. */

enum sap_json_number {
  SAP_JSON_INTEGER,  /* without fraction and exponent, and other than -0 */
  SAP_JSON_FRACTION, /* with a fraction, without an exponent */
  SAP_JSON_OTHER
};

/* A number, whose first character, '-' or a digit, is there. */
const char *sap_json_skip_number(const char *at, const char *end, enum sap_json_number *kind,
                                 struct sap_json_fault *fault);

/* One escape or one character beyond ASCII in a string; what else ends plain text, but the quote, is a fault. */
const char *sap_json_skip_special(const char *at, const char *end, struct sap_json_fault *fault);

/* One escape, from its backslash on, whatever it is: *is_half tells of one that is half of a surrogate pair. Never fails,
   and goes at least one byte on, at most to `end`. */
const char *sap_json_skip_escape(const char *at, const char *end, bool *is_half);

#endif
