/* Reads the dates of HTTP. */
#include "http/date.h"

#include <curl/curl.h>

int64_t sap_read_date(const char *text) {
  return (int64_t)curl_getdate(text, NULL);
}
