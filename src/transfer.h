/* One HTTP exchange: what is sent, what arrived, how it ended. */
#ifndef SAPANYWHERE_TRANSFER_H
#define SAPANYWHERE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "buffer.h"
#include "failure.h"
#include "lines.h"

struct sap_engine;
struct sap_handle;
struct sap_pool;

#define SAP_ENCODINGS "gzip" /* that answers may have */
#define SAP_MAX_HEAD ((size_t)64 * 1024)

/* Borrowed for the length of sap_transfer_start. */
struct sap_request {
  const char *method; /* GET, or any other with or without a body */
  const char *origin; /* scheme://host[:port] */
  const char *target; /* path and query, already encoded */
  const char *body;   /* or NULL */
  size_t body_len;
  long timeout_ms, connect_timeout_ms;
  size_t max_response; /* bytes of the decompressed body */
};

/* Seconds since the transfer started. */
struct sap_timings {
  double dns, connect, tls, first_byte, total;
};

struct sap_transfer {
  uint64_t id;
  struct sap_engine *engine; /* NULL before the start */
  struct sap_pool *pool;     /* NULL once done */
  struct sap_handle *handle; /* likewise */
  struct sap_lines headers;
  struct sap_buffer upload;
  size_t uploaded;
  struct sap_buffer head; /* header lines of the last answer, from its status line on */
  size_t head_total;      /* interim answers and trailers included */
  bool head_whole;        /* that answer's head has ended */
  struct sap_buffer body;
  size_t max_response;
  bool done;
  bool queued; /* on the engine's list of completed transfers */
  struct sap_facts facts;
  long status, http_version;
  bool reused; /* went over a connection that was open already */
  struct sap_timings timings;
  char detail[CURL_ERROR_SIZE];
  struct sap_transfer *previous, *next; /* the pool's running ones */
  struct sap_transfer *next_done;
};

/* NULL without memory. Belongs to the caller alone. */
struct sap_transfer *sap_transfer_new(void);

/* Makes room for so many "Name: value" lines with so many bytes, before they are added. 0, or -1 without memory. */
int sap_transfer_expect_headers(struct sap_transfer *transfer, size_t count, size_t bytes);

/* Hands the request to libcurl; nothing is sent before the engine's next step. On CURLE_OK the transfer runs; else it
   is done already, and its failure says why. */
void sap_transfer_start(struct sap_transfer *transfer, struct sap_pool *pool,
                        const struct sap_request *request);

/* Ends a running transfer, whatever libcurl is doing with it. */
void sap_transfer_cancel(struct sap_transfer *transfer, enum sap_verdict verdict);

/* For pool.c: lets the handle call us. */
void sap_transfer_set_callbacks(struct sap_handle *handle);
/* For pool.c: libcurl is through with it. */
void sap_transfer_complete(struct sap_transfer *transfer, CURLcode code);
/* For pool.c: as sap_transfer_cancel, but libcurl's handles belong to another process and are not touched. */
void sap_transfer_abandon(struct sap_transfer *transfer);

/* Cancels it where it runs, wipes and frees it. */
void sap_transfer_free(struct sap_transfer *transfer);

#endif
