/* Runs the transfers that share their TLS, proxy and limits, over connections that it keeps. */
#include "http/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/pipe_guard.h"

enum { MAX_STREAMS = 1000 };

/* What libcurl asks of the reactor. None of these may raise or touch Lua. */

static int on_timer(CURLM *multi, long milliseconds, void *context) {
  struct sap_pool *pool = context;
  (void)multi;
  pool->deadline = milliseconds < 0 ? SAP_NEVER : sap_reactor_now() + milliseconds;
  return 0;
}

static unsigned what_of(int poll) {
  switch (poll) {
    case CURL_POLL_IN: return SAP_READABLE;
    case CURL_POLL_OUT: return SAP_WRITABLE;
    case CURL_POLL_INOUT: return SAP_READABLE | SAP_WRITABLE;
    default: return 0;
  }
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused) {
  struct sap_pool *pool = context;
  (void)easy;
  (void)unused;
  return sap_reactor_watch(&pool->commons->reactor, pool, fd, what_of(what));
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  struct sap_pool *pool = context;
  (void)purpose;
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (sap_reactor_note_open(&pool->commons->reactor, pool, fd) == 0) return fd;
  pool->starved = true;
  close(fd);
  return CURL_SOCKET_BAD;
}

static int close_socket(void *context, curl_socket_t fd) {
  struct sap_pool *pool = context;
  sap_reactor_note_close(&pool->commons->reactor, fd);
  return close(fd);
}

/* Handles. */

static CURLM *new_multi(struct sap_pool *pool) {
  CURLM *multi = curl_multi_init();
  if (multi == NULL) return NULL;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, pool->settings.max_connections);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, pool->settings.max_connections);
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)MAX_STREAMS);
  return multi;
}

static CURLM *need_multi(struct sap_pool *pool) {
  if (pool->multi == NULL) {
    pool->multi = new_multi(pool);
    pool->generation = pool->commons->reactor.generation;
    pool->guarded = sap_pipe_guard_needed();
  }
  return pool->multi;
}

static void set_sockets(CURL *easy, struct sap_pool *pool) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, pool);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, pool);
}

static struct sap_handle *new_handle(struct sap_pool *pool) {
  struct sap_handle *handle = sap_handle_new(&pool->settings);
  if (handle == NULL) return NULL;
  set_sockets(handle->easy, pool);
  sap_transfer_set_callbacks(handle);
  return handle;
}

static struct sap_handle *take_handle(struct sap_pool *pool) {
  return pool->spare_count > 0 ? pool->spare[--pool->spare_count] : new_handle(pool);
}

static void give_handle(struct sap_pool *pool, struct sap_handle *handle) {
  sap_transfer_unload(handle);
  if (pool->spare_count < SAP_MOST_SPARE)
    pool->spare[pool->spare_count++] = handle;
  else
    sap_handle_free(handle);
}

static void free_spare(struct sap_pool *pool) {
  while (pool->spare_count > 0) sap_handle_free(pool->spare[--pool->spare_count]);
}

/* The running ones. */

static void link_running(struct sap_pool *pool, struct sap_transfer *transfer, struct sap_handle *handle) {
  transfer->pool = pool;
  transfer->handle = handle;
  transfer->previous = NULL;
  transfer->next = pool->running;
  if (transfer->next != NULL) transfer->next->previous = transfer;
  pool->running = transfer;
  pool->references++;
}

/* Lets go of one that is done, and perhaps of the pool. */
static void retire(struct sap_transfer *transfer) {
  struct sap_pool *pool = transfer->pool;
  *(transfer->previous != NULL ? &transfer->previous->next : &pool->running) = transfer->next;
  if (transfer->next != NULL) transfer->next->previous = transfer->previous;
  transfer->pool = NULL;
  transfer->handle = NULL;
  sap_queue_push(&pool->commons->done, transfer);
  sap_pool_release(pool);
}

static void complete(struct sap_transfer *transfer, CURLcode code) {
  struct sap_pool *pool = transfer->pool;
  curl_multi_remove_handle(pool->multi, transfer->handle->easy);
  sap_transfer_finish(transfer, transfer->handle, code);
  give_handle(pool, transfer->handle);
  retire(transfer);
}

/* What libcurl cannot know, or calls otherwise: that a socket was given up; since 8.x, that there is no memory for a URL
   which was good when the handle was aimed at it; since 8.23, that a client's key is of no use. */
static CURLcode true_code(const struct sap_pool *pool, CURLcode code) {
  if (code == CURLE_COULDNT_CONNECT && pool->starved) return CURLE_OUT_OF_MEMORY;
  if (code == CURLE_URL_MALFORMAT) return CURLE_OUT_OF_MEMORY;
  if (code == CURLE_BAD_FUNCTION_ARGUMENT && pool->settings.key_file != NULL) return CURLE_SSL_CERTPROBLEM;
  return code;
}

static void complete_finished(struct sap_pool *pool) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
    char *handle = NULL;
    CURLcode code = true_code(pool, message->data.result);
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle);
    complete(((struct sap_handle *)handle)->transfer, code);
  }
}

/* Ending. */

/* The analyzer cannot count: a running transfer holds its pool, and so does whoever ends all of them. */
/* NOLINTBEGIN(clang-analyzer-unix.Malloc) */
void sap_pool_cancel(struct sap_transfer *transfer, enum sap_verdict verdict) {
  struct sap_pipe_guard guard;
  struct sap_pool *pool = transfer->pool;
  pool->references++;
  sap_pool_adopt(pool);
  if (!transfer->done) {
    transfer->facts.verdict = verdict;
    sap_pipe_guard_begin(&guard, pool->guarded);
    complete(transfer, CURLE_ABORTED_BY_CALLBACK);
    sap_pipe_guard_end(&guard);
    sap_reactor_arm(&pool->commons->reactor, pool->deadline); /* another may begin now */
  }
  sap_pool_release(pool);
}

static void close_connections(struct sap_pool *pool) {
  struct sap_pipe_guard guard;
  sap_pipe_guard_begin(&guard, pool->guarded);
  free_spare(pool);
  if (pool->multi != NULL) curl_multi_cleanup(pool->multi);
  sap_pipe_guard_end(&guard);
  pool->multi = NULL;
  pool->deadline = SAP_NEVER;
}

static void end_all(struct sap_pool *pool, enum sap_verdict verdict) {
  while (pool->running != NULL) sap_pool_cancel(pool->running, verdict);
  close_connections(pool);
}
/* NOLINTEND(clang-analyzer-unix.Malloc) */

/* libcurl would say goodbye on the parent's connections and wait for threads that stayed there. Its multi handle and
   the busy easy handles are therefore left alone: that memory is not used again in this process. */
static void drop_inherited(struct sap_pool *pool) {
  if (pool->multi == NULL || pool->generation == pool->commons->reactor.generation) return;
  pool->multi = NULL;
  pool->deadline = SAP_NEVER;
  free_spare(pool);
  pool->references++;
  while (pool->running != NULL) {
    struct sap_transfer *transfer = pool->running;
    sap_transfer_give_up(transfer, CURLE_OK, SAP_VERDICT_FORKED);
    retire(transfer);
  }
  sap_pool_release(pool);
}

/* Working. */

/* Where libcurl itself fails, for want of memory or of a place in the epoll set, it has lost track of its sockets and
   timers: nothing would wake what runs, so it ends, and the next transfer finds everything new. */
static void act(struct sap_pool *pool, curl_socket_t fd, int events) {
  struct sap_pipe_guard guard;
  int running;
  if (pool->multi == NULL) return;
  pool->references++;
  pool->starved = false;
  sap_pipe_guard_begin(&guard, pool->guarded);
  CURLMcode status = curl_multi_socket_action(pool->multi, fd, events, &running);
  complete_finished(pool);
  sap_pipe_guard_end(&guard);
  if (status != CURLM_OK) end_all(pool, SAP_VERDICT_NO_MEMORY);
  sap_pool_release(pool);
}

void sap_pool_act(struct sap_pool *pool, int fd, unsigned what) {
  act(pool, fd,
      (what & SAP_READABLE ? CURL_CSELECT_IN : 0) | (what & SAP_WRITABLE ? CURL_CSELECT_OUT : 0) |
          (what & SAP_BROKEN ? CURL_CSELECT_ERR : 0));
}

void sap_pool_act_due(struct sap_pool *pool) {
  pool->deadline = SAP_NEVER;
  act(pool, CURL_SOCKET_TIMEOUT, 0);
}

static bool need_libcurl(struct sap_commons *commons) {
  if (!commons->initialised) commons->initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return commons->initialised;
}

static CURLcode hand_over(struct sap_pool *pool, struct sap_transfer *transfer,
                          const struct sap_request *request) {
  struct sap_handle *handle =
      need_libcurl(pool->commons) && need_multi(pool) != NULL ? take_handle(pool) : NULL;
  if (handle == NULL) return CURLE_OUT_OF_MEMORY;
  CURLcode code = sap_transfer_load(transfer, handle, request);
  if (code == CURLE_OK && curl_multi_add_handle(pool->multi, handle->easy) != CURLM_OK)
    code = CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK)
    link_running(pool, transfer, handle);
  else
    give_handle(pool, handle);
  return code;
}

/* Without descriptors there can be no connection either. */
static CURLcode fail_open(struct sap_transfer *transfer, int error) {
  strncpy(transfer->detail, strerror(error), sizeof transfer->detail - 1);
  return CURLE_COULDNT_CONNECT;
}

void sap_pool_start(struct sap_pool *pool, struct sap_transfer *transfer, const struct sap_request *request) {
  if (pool->commons == NULL) {
    sap_transfer_give_up(transfer, CURLE_OK, SAP_VERDICT_CLOSED);
    return;
  }
  transfer->id = ++pool->commons->last_id;
  int error = sap_reactor_open(&pool->commons->reactor);
  drop_inherited(pool);
  CURLcode code = error != 0 ? fail_open(transfer, error) : hand_over(pool, transfer, request);
  if (code != CURLE_OK) sap_transfer_give_up(transfer, code, SAP_VERDICT_NONE);
}

/* Life. */

static void enter(struct sap_pool *pool, struct sap_commons *commons) {
  pool->commons = commons;
  pool->next = commons->pools;
  if (pool->next != NULL) pool->next->previous = pool;
  commons->pools = pool;
}

static void leave(struct sap_pool *pool) {
  *(pool->previous != NULL ? &pool->previous->next : &pool->commons->pools) = pool->next;
  if (pool->next != NULL) pool->next->previous = pool->previous;
  pool->commons = NULL;
}

struct sap_pool *sap_pool_new(struct sap_commons *commons, const struct sap_settings *settings) {
  struct sap_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  if (!sap_settings_copy(&pool->settings, settings)) {
    sap_settings_free(&pool->settings);
    free(pool);
    return NULL;
  }
  pool->references = 1;
  pool->deadline = SAP_NEVER;
  enter(pool, commons);
  return pool;
}

void sap_pool_close(struct sap_pool *pool) {
  if (pool->commons == NULL) return;
  pool->references++;
  sap_pool_adopt(pool);
  end_all(pool, SAP_VERDICT_CLOSED); /* NOLINT(clang-analyzer-unix.Malloc): held, see above */
  leave(pool);
  sap_pool_release(pool);
}

void sap_pool_adopt(struct sap_pool *pool) {
  sap_reactor_adopt(&pool->commons->reactor);
  drop_inherited(pool);
}

void sap_pool_release(struct sap_pool *pool) {
  if (--pool->references > 0) return;
  if (pool->commons != NULL) {
    pool->references++;
    sap_pool_adopt(pool);
    close_connections(pool);
    leave(pool);
  }
  sap_settings_free(&pool->settings);
  free(pool);
}
