/* Reads the raw head of an HTTP answer, line by line, where it stands. */
#ifndef SAP_HTTP_HEADERS_H
#define SAP_HTTP_HEADERS_H

#include <stdbool.h>

#include "bytes/slice.h"

/* Takes the status line off the head. Returns false, with nothing taken, when the head does not begin with one. */
bool sap_headers_status(struct sap_slice *rest, int *status);

/* Takes the next header off the head: its name as it stands, its value without the blanks around it. Lines that are
   no headers (no colon, a name that is no token, the continuation of the line before) are passed over. Returns false at
   the empty line or the end, with `rest` after it. */
bool sap_headers_next(struct sap_slice *rest, struct sap_slice *name, struct sap_slice *value);

#endif
