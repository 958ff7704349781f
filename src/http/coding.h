/* Judges the codings that the head of an answer names, and undoes one that nobody asked for. */
#ifndef SAP_HTTP_CODING_H
#define SAP_HTTP_CODING_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes/buffer.h"

/* All zero: nothing was asked for, and nothing is named yet. */
struct sap_coding {
  bool gzip; /* was asked for: libcurl undoes it */
  bool once; /* the answer comes once: one coding that was not asked for is kept, to be undone here */
  bool in_content, in_transfer; /* the header that the last line belongs to */
  bool interim;                 /* another answer follows, and this one has no body: nothing is looked at */
  unsigned layers;              /* content codings that are named */
  bool foreign;                 /* one of them is not gzip */
  bool odd, blank; /* one of the names is that of no coding, or there is none: it counts as none */
  bool undone;     /* one layer was taken off here */
};

/* Forgets what was named: another answer begins. */
void sap_coding_begin(struct sap_coding *coding, int status);

/* Reads one line of the head, with its ending. Returns false for codings that must not be undone: more than one, one
   that was not asked for, and any of the transfer but chunked. */
bool sap_coding_read(struct sap_coding *coding, const char *line, size_t len);

enum sap_unpacked {
  SAP_UNPACKED,
  SAP_NOT_PACKED,
  SAP_BADLY_PACKED,
  SAP_UNPACKED_TOO_LARGE,
  SAP_UNPACKED_NOMEM
};

/* Takes the one layer of gzip off a body that has it, where that makes at most so many bytes. The work is linear in what
   goes in and comes out. Otherwise the body stays as it is. */
enum sap_unpacked sap_coding_undo(struct sap_coding *coding, struct sap_buffer *body, size_t most);

#endif
