/* Finds text that would keep a Lua with an old hash of strings busy: Lua 5.1 to 5.3, and the first three of 5.4, look at
   some of the bytes of a long string only, and search in one long list for strings that agree in these. */
#ifndef SAP_JSON_CROWD_H
#define SAP_JSON_CROWD_H

#include <stdbool.h>
#include <stddef.h>

enum { SAP_CROWD_FROM = 32, SAP_CROWD_MOST = 1000 };

/* Which strings of SAP_CROWD_FROM bytes and more a Lua hashes this way. */
enum sap_crowd_rule {
  SAP_CROWD_NONE,
  SAP_CROWD_ALL,         /* Lua 5.1 */
  SAP_CROWD_SHORT_NAMES, /* Lua 5.2 and 5.3: those of up to 40 bytes, and longer ones where they are names */
  SAP_CROWD_LONG_NAMES   /* Lua 5.4.0 to 5.4.2: those longer than 40 bytes where they are names */
};

enum sap_crowd { SAP_CROWD_FINE, SAP_CROWD_TOO_MANY, SAP_CROWD_NOMEM };

/* Whether more than SAP_CROWD_MOST different strings of a JSON text agree in their length and in every byte that the hash
   looks at. The text was scanned, and may hold marks. The work is linear: each byte is gone over four times at most, and
   what is counted stands in tables under keyed hashes that nobody outside can foresee. */
enum sap_crowd sap_crowd_look(const char *text, size_t len, enum sap_crowd_rule rule);

#endif
