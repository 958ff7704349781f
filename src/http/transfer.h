/* One HTTP exchange: what is sent, what arrived, how it ended. Knows the handle that carries it, not who drives that. */
#ifndef SAP_HTTP_TRANSFER_H
#define SAP_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "bytes/buffer.h"
#include "bytes/list.h"
#include "http/coding.h"
#include "http/failure.h"
#include "http/lines.h"
#include "http/pace.h"
#include "http/sink.h"
#include "http/upload.h"

struct sap_handle;
struct sap_pool;

#define SAP_MAX_HEAD ((size_t)64 * 1024)

/* Borrowed while a transfer starts. */
struct sap_request {
  const char *method; /* GET, or any other with or without a body */
  const char *origin; /* scheme://host[:port] */
  const char *target; /* path and query, already encoded */
  const char *body;   /* or NULL */
  size_t body_len;
  struct sap_source *source; /* in place of the body, or NULL */
  struct sap_sink *sink;     /* a file for the body of a good answer, or NULL */
  long silence_s;            /* without a byte, which end the transfer; 0 for any */
  long timeout_ms, connect_timeout_ms;
  size_t max_response; /* bytes of the decompressed body */
  bool gzip;           /* the answer may be compressed */
  bool once;           /* it must not be done twice, and its answer comes once: see coding.h */
};

/* Seconds since the transfer started. */
struct sap_timings {
  double dns, connect, tls, first_byte, total;
};

struct sap_transfer {
  uint64_t id;
  struct sap_pool *pool;     /* the one that runs it, NULL before and after that; kept by pool.c */
  struct sap_handle *handle; /* likewise */
  struct sap_lines headers;
  struct sap_upload upload;
  struct sap_buffer head; /* header lines of the last answer, from its status line on */
  size_t head_total;      /* interim answers and trailers included */
  struct sap_coding coding;
  struct sap_buffer body;
  size_t max_response;
  struct sap_sink *sink; /* what arrives in place of a body, or NULL */
  struct sap_pace *pace; /* of the engine that steps it; kept by pool.c, like `pool` */
  struct sap_link pause; /* among those that are paused */
  int said;              /* the status of the last answer */
  bool cut;              /* more of a refusal than anybody reads was left out */
  int64_t deadline;      /* by sap_reactor_now */
  unsigned begins;       /* how often libcurl has begun to send it, where it asks before */
  long sent_before;      /* bytes that had left when it last began, such as what a proxy was asked */
  bool once;             /* it must not be sent a second time */
  bool refused;          /* it was not to go over the connection that libcurl had chosen */
  bool only_new;         /* it goes over a new connection */
  bool done;
  struct sap_facts facts;
  long status, http_version;
  bool reused; /* went over a connection that was open already */
  struct sap_timings timings;
  char detail[CURL_ERROR_SIZE];
  struct sap_link link; /* among the pool's running ones, then among the completed ones */
};

/* NULL without memory. */
struct sap_transfer *sap_transfer_new(void);

/* Wipes and frees one that does not run, and takes it out of its queue. */
void sap_transfer_free(struct sap_transfer *transfer);

/* Makes room for so many "Name: value" lines with so many bytes, before they are added. 0, or -1 without memory. */
int sap_transfer_expect_headers(struct sap_transfer *transfer, size_t count, size_t bytes);

/* Lets a handle call back for the transfer that it carries. */
void sap_transfer_set_callbacks(struct sap_handle *handle);

/* Tells the handle what to send, and takes that out of it again. */
CURLcode sap_transfer_load(struct sap_transfer *transfer, struct sap_handle *handle,
                           const struct sap_request *request);
void sap_transfer_unload(struct sap_handle *handle);

/* Notes how it ended: by the handle's account, or, where that cannot be asked, by a verdict alone. After the first one that has
   a whole file is not done yet: the file must be put in its place, and that be noted. */
void sap_transfer_finish(struct sap_transfer *transfer, const struct sap_handle *handle, CURLcode code);
void sap_transfer_give_up(struct sap_transfer *transfer, CURLcode code, enum sap_verdict verdict);

void sap_transfer_note_placed(struct sap_transfer *transfer);

/* Takes a transfer that was refused its connection out of the state that libcurl left it in: it may be handed over again,
   and gets a new connection. False where its time is up. */
bool sap_transfer_renew(struct sap_transfer *transfer);

/* Whether the handle of one that is done should not be used again: libcurl counts in it the connections that died under
   its requests, and after five lets a request fail that was tried once. */
bool sap_transfer_wore_out(const struct sap_transfer *transfer);

/* Whether it waits for the next step, with a connection that is neither read nor idle. NULL is none that does. */
bool sap_transfer_is_paused(const struct sap_transfer *transfer);

/* Whether anything of the request may have left this process for the server. */
bool sap_transfer_has_left(const struct sap_transfer *transfer);

#endif
