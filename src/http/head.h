/* Judges the headers of an answer: which may be kept as they are to be shown. */
#ifndef SAP_HTTP_HEAD_H
#define SAP_HTTP_HEAD_H

#include <stdbool.h>

#include "bytes/slice.h"

enum sap_header {
  SAP_HEADER_ORDINARY, /* its value follows a fixed grammar, or is the platform's own: shown as it is */
  SAP_HEADER_SECRET,   /* its value is never shown, for its name */
  SAP_HEADER_PLAIN,    /* shown as it is, unless a secret of the call stands in it */
  SAP_HEADER_ROUGH /* its value may hold more than one thing, or what acts unseen: hide/text.lua makes it fit to show */
};

/* The name is in small letters. */
enum sap_header sap_header_judge(struct sap_slice name, struct sap_slice value);

/* The name is in small letters. */
bool sap_header_is_ordinary(struct sap_slice name);

#endif
