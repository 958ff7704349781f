/* Reads the dates of HTTP. */
#ifndef SAP_HTTP_DATE_H
#define SAP_HTTP_DATE_H

#include <stdint.h>

/* Seconds since 1970, or -1 for what is no date. A day that a month does not have counts into the next one. */
int64_t sap_read_date(const char *text);

#endif
