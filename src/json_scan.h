/* A strict look at JSON text (RFC 8259) before lua-cjson sees it.
   lua-cjson 2.1.0 lets bad UTF-8, control bytes, hexadecimal and the like pass and reads every number as a double. The
   scan refuses what is no JSON, and writes another text where the decoder could not keep what stands there:
     - a number that the decoder must not touch becomes the string "\xFF<number>", to be turned into a number
       afterwards. The byte FF never occurs in UTF-8, so no other string can look like it;
     - an integer that the host's numbers cannot hold becomes the string of its digits;
     - a member that is null is left out, where the caller wants that. */
#ifndef SAP_JSON_SCAN_H
#define SAP_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

#define SAP_JSON_MARK '\xFF'

enum { SAP_JSON_MAX_DEPTH = 512 };

struct sap_json_rules {
  bool integers;   /* the host has 64-bit integers: integers are marked; otherwise they are kept up to 2^53 */
  bool drop_nulls; /* leave out members of objects that are null, as if they did not stand there */
  unsigned max_depth; /* arrays and objects within each other; 0 and too much mean SAP_JSON_MAX_DEPTH */
};

struct sap_json_report {
  bool rewritten;   /* the text for the decoder is in the buffer, not the one that was given */
  size_t marks;     /* how many numbers were marked in it */
  const char *what; /* what is wrong, without a byte of the text; NULL when all is well */
  size_t offset;    /* how many bytes stand before the fault */
};

enum sap_json_status { SAP_JSON_OK, SAP_JSON_BAD, SAP_JSON_NOMEM };

/* Scans the text; `out`, an empty buffer, is given memory only when the text must be rewritten. The report is filled in
   every case. Takes no more stack for deep text than for flat text. */
enum sap_json_status sap_json_scan(const char *text, size_t len, const struct sap_json_rules *rules,
                                   struct sap_buffer *out, struct sap_json_report *report);

#endif
