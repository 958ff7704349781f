/* Numbers as JSON writes them, whatever the locale of the process. */
#ifndef SAP_JSON_NUMBER_H
#define SAP_JSON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any number, and a NUL. */
enum { SAP_JSON_NUMBER_SIZE = 32 };

/* Reads "-0" as no integer: the integers have no such zero. Returns false for anything but an integer that fits. */
bool sap_json_read_integer(const char *text, size_t len, int64_t *value);

/* Reads a number that a scan has accepted; `text` ends with a byte that is no part of it. Returns false when it is
   beyond the range of a double, or when there is no memory. */
bool sap_json_read_double(const char *text, double *value);

/* Write a number and return its length. The double must be finite; it is read back as the same double, and is written
   without a point where it is a whole number up to 2^53. */
size_t sap_json_write_integer(char out[SAP_JSON_NUMBER_SIZE], int64_t value);
size_t sap_json_write_double(char out[SAP_JSON_NUMBER_SIZE], double value);

#endif
