/* Takes the escapes off a JSON string. */
#ifndef SAP_JSON_UNESCAPE_H
#define SAP_JSON_UNESCAPE_H

#include <stddef.h>

/* Writes what is between the quotes of a string that was scanned, without its escapes, and returns how long that is: never
   longer than before. */
size_t sap_json_unescape(char *out, const char *text, size_t len);

#endif
