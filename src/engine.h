/* Drives every transfer of a Lua state from one descriptor: an epoll set with libcurl's sockets and one timer. */
#ifndef SAPANYWHERE_ENGINE_H
#define SAPANYWHERE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <curl/curl.h>

struct sap_pool;
struct sap_transfer;

#define SAP_NEVER INT64_MAX

/* What the epoll set knows of one descriptor. */
struct sap_socket {
  struct sap_pool *pool; /* whose libcurl uses it, or NULL */
  uint32_t wanted;       /* what libcurl waits for; 0 while the connection is idle */
  uint32_t watched;      /* what the epoll set reports; 0 when the descriptor is not in it */
  bool opened;           /* made, and therefore closed, through the pool's callbacks */
  ino_t inode;           /* of an opened one */
};

struct sap_engine {
  unsigned references;
  bool closed;
  bool initialised; /* curl_global_init was called */
  pid_t process;    /* the one that opened the descriptors, 0 before that */
  int epoll;        /* -1 until the first use */
  int timer;
  ino_t inode;   /* the kernel's one for epoll sets and timers */
  int64_t armed; /* when the timer will fire, SAP_NEVER if not at all */
  struct sap_socket *sockets;
  size_t socket_count;
  struct sap_pool *pools;
  struct sap_transfer *done, **done_tail; /* completed, not yet reported */
  uint64_t last_id;
  unsigned events; /* what the last step had to do: sockets, timers */
};

/* NULL without memory. Opens nothing yet. The caller holds one reference. */
struct sap_engine *sap_engine_new(void);
void sap_engine_release(struct sap_engine *engine);

/* Completes what is in flight as closed and gives every descriptor back. */
void sap_engine_close(struct sap_engine *engine);

/* Opens the descriptors where they are not open yet; drops what a fork inherited. 0, or an errno. */
int sap_engine_open(struct sap_engine *engine);

/* Does what is ready and completes what is done. Blocks for at most `milliseconds`, and only if nothing is ready.
   0, or an errno (EINTR when a signal ended the wait). */
int sap_engine_step(struct sap_engine *engine, int milliseconds);

/* Makes the descriptor readable until the next step. */
void sap_engine_alert(struct sap_engine *engine);

/* Takes one completed transfer off the list: its id, or 0. */
uint64_t sap_engine_take_done(struct sap_engine *engine);

/* For pool.c and transfer.c. */
void sap_engine_adopt(struct sap_engine *engine); /* after a fork: lets go of what is the parent's */
int64_t sap_monotonic_ms(void);
void sap_engine_push_done(struct sap_engine *engine, struct sap_transfer *transfer);
void sap_engine_drop_done(struct sap_engine *engine, struct sap_transfer *transfer);
int sap_engine_note_open(struct sap_engine *engine, struct sap_pool *pool, int fd);
void sap_engine_note_close(struct sap_engine *engine, int fd);
int sap_engine_watch(struct sap_engine *engine, struct sap_pool *pool, int fd, int what);

#endif
