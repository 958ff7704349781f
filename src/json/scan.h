/* A strict look at JSON text (RFC 8259) before lua-cjson sees it.
   lua-cjson 2.1.0 lets bad UTF-8 and control bytes pass and reads every number as a double, in the locale of the
   process. The scan refuses what is no JSON, and writes another text where the decoder could not keep what is there:
     - a number that the decoder must not touch becomes the string "\xFF<number>", to be turned into a number
       afterwards. The byte FF never occurs in UTF-8, so no other string looks like it. An integer that a double holds
       stays as it is: where the host has integers, it is to be made one afterwards, as every whole float that the
       decoder makes: what is not to be an integer is never left to it as a whole number;
     - an empty list becomes the string "\xFF]", to be turned into a table that says that it is a list;
     - an integer that the host's numbers cannot hold becomes the string of its digits;
     - a member that is null is left out, where the caller wants that. */
#ifndef SAP_JSON_SCAN_H
#define SAP_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes/buffer.h"
#include "bytes/slice.h"

#define SAP_JSON_MARK '\xFF'
#define SAP_JSON_EMPTY_LIST ']' /* after the mark, where no number begins so */

enum { SAP_JSON_LONGISH = 32 };
enum { SAP_JSON_MAX_DEPTH = 512, SAP_JSON_STEPS = 64, SAP_JSON_STEP_DEPTH = 8 };

struct sap_json_rules {
  bool
      integers; /* the host has 64-bit integers; otherwise integers are exact up to 2^53, and digits beyond */
  bool fractions;  /* the decoder reads fractions exactly, as long as they have no more than 15 digits */
  bool drop_nulls; /* leave out the members of objects that are null, as if they were not there */
  bool keep_outer; /* but not those of the outermost object */
};

/* Where there is something to turn into a number or a list afterwards: the ways to it, as a tree of steps. The first step
   stands for the whole text; the steps within a value follow each other, 0 being none. */
struct sap_json_step {
  struct sap_slice name; /* of a member, as it is written in the text; without data: any entry of a list */
  unsigned char first, next; /* step within the value, step beside this one */
};

struct sap_json_report {
  bool rewritten;   /* the text for the decoder is in the buffer, and not the one that was given */
  size_t marks;     /* how many values are marked in it */
  size_t integers;  /* how many integers stayed as they are, where the host has integers */
  size_t longish;   /* how many strings in it have SAP_JSON_LONGISH bytes or more as they are written */
  size_t members;   /* how many the outermost object has in it; 0 where it is not an object */
  const char *what; /* what is wrong, without a byte of the text */
  size_t offset;    /* how many bytes are before the fault */
  /* The ways to all these; not all of them where has_all_steps is false. */
  bool has_all_steps;
  unsigned char step_count;
  struct sap_json_step steps[SAP_JSON_STEPS];
};

enum sap_json_status { SAP_JSON_OK, SAP_JSON_BAD, SAP_JSON_NOMEM };

/* Scans the text. `out`, an empty buffer, is given memory only when the text must be rewritten. `what` and `offset` are
   there when the status is not SAP_JSON_OK. Deep text takes no more stack than flat text. */
enum sap_json_status sap_json_scan(const char *text, size_t len, const struct sap_json_rules *rules,
                                   struct sap_buffer *out, struct sap_json_report *report);

#endif
