/* Runs the transfers that share their TLS, proxy and limits, over connections that it keeps. */
#ifndef SAP_HTTP_POOL_H
#define SAP_HTTP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "bytes/list.h"
#include "http/handle.h"
#include "http/placer.h"
#include "http/reactor.h"
#include "http/transfer.h"

/* As many as calls are in flight in a busy host: a fresh handle costs as much as half a call. */
enum { SAP_MOST_SPARE = 256 };

/* What the pools of one engine have in common. */
struct sap_commons {
  bool initialised; /* curl_global_init was called */
  struct sap_reactor reactor;
  struct sap_placer placer;
  struct sap_pace pace;
  struct sap_link done; /* completed transfers, the oldest first */
  struct sap_link pools;
  uint64_t last_id;
};

struct sap_pool {
  unsigned references;         /* one of the owner, one of each running transfer */
  struct sap_commons *commons; /* NULL once closed */
  unsigned generation;         /* the reactor's when the multi handle was made */
  struct sap_settings settings;
  CURLM *multi;          /* NULL until the first transfer, and after a fork */
  int64_t deadline;      /* when libcurl wants to be called again, SAP_NEVER if not */
  unsigned quirks;       /* of this libcurl, see quirks.h */
  enum sap_verdict lack; /* why a socket could not be had, or was given up, in this step */
  bool is_lost;          /* a socket of the multi handle could not be watched */
  struct sap_link running;
  struct sap_handle *model;                 /* of handles that are used once, NULL where they are kept */
  struct sap_handle *spare[SAP_MOST_SPARE]; /* set up and idle */
  unsigned spare_count;
  struct sap_link link; /* in the commons */
};

#define SAP_POOL(entry) SAP_ENTRY(entry, struct sap_pool, link)
#define SAP_TRANSFER(entry) SAP_ENTRY(entry, struct sap_transfer, link)

/* NULL without memory. The caller holds one reference. */
struct sap_pool *sap_pool_new(struct sap_commons *commons, const struct sap_settings *settings);
void sap_pool_release(struct sap_pool *pool);

/* Completes what is in flight as closed, closes the connections, leaves the commons. */
void sap_pool_close(struct sap_pool *pool);

/* Hands the request to libcurl; nothing is sent before the next step. The transfer runs, or it is done already and its
   failure says why. It goes into the queue of the commons when it completes later. */
void sap_pool_start(struct sap_pool *pool, struct sap_transfer *transfer, const struct sap_request *request);

/* Ends a running transfer, whatever libcurl is doing with it. */
void sap_pool_cancel(struct sap_transfer *transfer, enum sap_verdict verdict);

/* Lets a transfer that was paused go on. It may be over afterwards, and the pool gone. */
void sap_pool_resume(struct sap_transfer *transfer);

/* Completes a running transfer whose file the placer has given back. */
void sap_pool_complete_placed(struct sap_transfer *transfer);

/* Lets libcurl work on a descriptor, or on what is due by the clock, and completes what is done. The pool may be gone
   afterwards, if nobody but its transfers held it. */
void sap_pool_act(struct sap_pool *pool, int fd, unsigned what);
void sap_pool_act_due(struct sap_pool *pool);

/* After a fork: forgets what belongs to the parent. Nothing happens in the process that made it. */
void sap_pool_adopt(struct sap_pool *pool);

#endif
