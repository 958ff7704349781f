/* Runs the transfers that share their TLS, proxy and limits, over connections that it keeps. */
#include "http/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/pipe_guard.h"
#include "http/quirks.h"

enum { MAX_STREAMS = 1000 };

/* CURLMOPT_QUICK_EXIT, which older headers lack. */
static const CURLMoption QUICK_EXIT = (CURLMoption)21;

/* CURLE_SETOPT_OPTION_SYNTAX, which had another name before 7.78. */
static const CURLcode OPTION_SYNTAX = (CURLcode)49;

static void close_idle_pools(const struct sap_pool *but);

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

/* libcurl's own handles have no transfer. */
static bool is_paused(CURL *easy) {
  char *handle = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
  return handle != NULL && sap_transfer_is_paused(((struct sap_handle *)handle)->transfer);
}

static int watch_socket(struct sap_pool *pool, CURL *easy, curl_socket_t fd, unsigned what) {
  if (what == 0 && is_paused(easy)) return sap_reactor_ignore(&pool->commons->reactor, pool, fd);
  return sap_reactor_watch(&pool->commons->reactor, pool, fd, what);
}

/* A failure waits for the end of the step. Told of it here, libcurl ends whatever else it comes to in this step, and 7.88
   looks for the connection of one that has none yet. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused) {
  struct sap_pool *pool = context;
  (void)unused;
  if (watch_socket(pool, easy, fd, what_of(what)) != 0) pool->is_lost = true;
  return 0;
}

/* New descriptors have the lowest free number. */
static bool is_short(int fd) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
         (rlim_t)fd >= limit.rlim_cur - limit.rlim_cur / 8;
}

static bool has_none_left(int fd) {
  return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

static int new_socket(const struct curl_sockaddr *address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  struct sap_pool *pool = context;
  (void)purpose;
  int fd = new_socket(address);
  if (has_none_left(fd) || (fd >= 0 && is_short(fd))) {
    close_idle_pools(pool);
    if (fd < 0) fd = new_socket(address);
  }
  if (has_none_left(fd)) pool->lack = SAP_VERDICT_NO_DESCRIPTOR;
  if (fd < 0) return CURL_SOCKET_BAD;
  if (sap_reactor_note_open(&pool->commons->reactor, pool, fd) == 0) return fd;
  pool->lack = SAP_VERDICT_NO_MEMORY;
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
  if ((pool->quirks & SAP_QUIRK_CLOSING_WAITS) != 0) curl_multi_setopt(multi, QUICK_EXIT, 1L);
  return multi;
}

static CURLM *need_multi(struct sap_pool *pool) {
  if (pool->multi == NULL) {
    pool->quirks = sap_quirks();
    pool->multi = new_multi(pool);
    pool->generation = pool->commons->reactor.generation;
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
  struct sap_kept_by by = { &pool->commons->reactor, pool, pool->quirks };
  struct sap_handle *handle = sap_handle_new(&pool->settings, by);
  if (handle != NULL) set_sockets(handle->easy, pool);
  return handle;
}

/* One that is used for one transfer. A copy takes 20,000 instructions with its end; a new one 27,000. */
static CURLcode copy_model(struct sap_pool *pool, const char *origin, struct sap_handle **handle) {
  if (pool->model == NULL) pool->model = new_handle(pool);
  if (pool->model == NULL) return CURLE_OUT_OF_MEMORY;
  CURLcode code = sap_handle_aim(pool->model, origin);
  if (code != CURLE_OK) return code;
  *handle = sap_handle_from_model(pool->model);
  return *handle != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static bool are_used_once(const struct sap_pool *pool) {
  return (pool->quirks & SAP_QUIRK_HANDLE_REMEMBERS) != 0;
}

/* The handle is the caller's even after a failure, unless it is NULL. */
static CURLcode take_handle(struct sap_pool *pool, const char *origin, struct sap_handle **handle) {
  *handle = NULL;
  if (are_used_once(pool)) return copy_model(pool, origin, handle);
  *handle = pool->spare_count > 0 ? pool->spare[--pool->spare_count] : new_handle(pool);
  return *handle != NULL ? sap_handle_aim(*handle, origin) : CURLE_OUT_OF_MEMORY;
}

static void give_handle(struct sap_pool *pool, struct sap_handle *handle, bool is_worn) {
  sap_transfer_unload(handle);
  if (!is_worn && !are_used_once(pool) && pool->spare_count < SAP_MOST_SPARE)
    pool->spare[pool->spare_count++] = handle;
  else
    sap_handle_free(handle);
}

static void free_spare(struct sap_pool *pool) {
  while (pool->spare_count > 0) sap_handle_free(pool->spare[--pool->spare_count]);
  if (pool->model != NULL) sap_handle_free(pool->model);
  pool->model = NULL;
}

/* The running ones. */

static void link_running(struct sap_pool *pool, struct sap_transfer *transfer, struct sap_handle *handle) {
  transfer->pool = pool;
  transfer->handle = handle;
  transfer->pace = &pool->commons->pace;
  sap_list_add(&pool->running, &transfer->link);
  pool->references++;
}

/* Lets go of one that is done, and perhaps of the pool. */
static void retire(struct sap_transfer *transfer) {
  struct sap_pool *pool = transfer->pool;
  sap_list_remove(&transfer->link);
  transfer->pool = NULL;
  transfer->handle = NULL;
  sap_list_add(&pool->commons->done, &transfer->link);
  sap_pool_release(pool);
}

static void complete(struct sap_transfer *transfer, CURLcode code) {
  struct sap_pool *pool = transfer->pool;
  curl_multi_remove_handle(pool->multi, transfer->handle->easy);
  sap_transfer_finish(transfer, transfer->handle, code);
  give_handle(pool, transfer->handle, sap_transfer_wore_out(transfer));
  transfer->handle = NULL;
  if (transfer->done)
    retire(transfer);
  else
    sap_placer_begin(&pool->commons->placer, &pool->commons->reactor, transfer->sink, transfer->deadline);
}

void sap_pool_complete_placed(struct sap_transfer *transfer) {
  sap_transfer_note_placed(transfer);
  retire(transfer);
}

/* The thread that has its file is not waited for. */
static void give_up_placing(struct sap_transfer *transfer, enum sap_verdict verdict) {
  sap_sink_discard(transfer->sink);
  sap_transfer_give_up(transfer, CURLE_ABORTED_BY_CALLBACK, verdict);
  retire(transfer);
}

/* Hands over again what was refused its connection. */
static bool begin_anew(struct sap_transfer *transfer) {
  CURL *easy = transfer->handle->easy;
  curl_multi_remove_handle(transfer->pool->multi, easy);
  return sap_transfer_renew(transfer) && curl_multi_add_handle(transfer->pool->multi, easy) == CURLM_OK;
}

/* What libcurl calls otherwise: since 8.x, that there is no memory for a URL which was good when the handle was aimed at
   it; that there is none for an entry of CURLOPT_RESOLVE, all of which are well written; since 8.23, that a client's key
   is of no use. */
static CURLcode true_code(const struct sap_pool *pool, const struct sap_transfer *transfer, CURLcode code) {
  if (code == CURLE_URL_MALFORMAT || code == OPTION_SYNTAX) return CURLE_OUT_OF_MEMORY;
  if (code == CURLE_BAD_FUNCTION_ARGUMENT && pool->settings.key_file != NULL && !transfer->facts.answered)
    return CURLE_SSL_CERTPROBLEM;
  return code;
}

static void settle(struct sap_transfer *transfer, CURLcode code) {
  if (code == CURLE_COULDNT_CONNECT && transfer->facts.verdict == SAP_VERDICT_NONE)
    transfer->facts.verdict = transfer->pool->lack;
  if (!transfer->refused)
    complete(transfer, true_code(transfer->pool, transfer, code));
  else if (!begin_anew(transfer))
    complete(transfer, CURLE_OPERATION_TIMEDOUT);
}

static void complete_finished(struct sap_pool *pool) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
    char *handle = NULL;
    CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle);
    settle(((struct sap_handle *)handle)->transfer, code);
  }
}

/* Ending. */

/* The analyzer cannot count: a running transfer holds its pool, and so does whoever ends all of them. Nor does it see
   that a transfer which was retired is no longer in the list of those that run. */
/* NOLINTBEGIN(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference) */
void sap_pool_cancel(struct sap_transfer *transfer, enum sap_verdict verdict) {
  struct sap_pool *pool = transfer->pool;
  pool->references++;
  sap_pool_adopt(pool);
  if (!transfer->done && transfer->handle == NULL) {
    give_up_placing(transfer, verdict);
  } else if (!transfer->done) {
    transfer->facts.verdict = verdict;
    struct sap_pipe_guard guard;
    sap_pipe_guard_begin(&guard, (pool->quirks & SAP_QUIRK_RAISES_SIGPIPE) != 0);
    complete(transfer, CURLE_ABORTED_BY_CALLBACK);
    sap_pipe_guard_end(&guard);
    sap_reactor_arm(&pool->commons->reactor, pool->deadline); /* another may begin now */
  }
  sap_pool_release(pool);
}

static void close_connections(struct sap_pool *pool) {
  struct sap_pipe_guard guard;
  sap_pipe_guard_begin(&guard, (pool->quirks & SAP_QUIRK_RAISES_SIGPIPE) != 0);
  free_spare(pool);
  if (pool->multi != NULL) curl_multi_cleanup(pool->multi);
  sap_pipe_guard_end(&guard);
  pool->multi = NULL;
  pool->is_lost = false;
  pool->deadline = SAP_NEVER;
}

/* Whoever needs the descriptors more: what is closed is opened again by the pool's next transfer. */
static void close_idle_pools(const struct sap_pool *but) {
  struct sap_link *pools = &but->commons->pools;
  for (struct sap_link *link = pools->next; link != pools; link = link->next) {
    struct sap_pool *pool = SAP_POOL(link);
    bool is_own = pool->generation == pool->commons->reactor.generation;
    if (pool != but && is_own && sap_list_is_empty(&pool->running)) close_connections(pool);
  }
}

static void end_all(struct sap_pool *pool, enum sap_verdict verdict) {
  while (!sap_list_is_empty(&pool->running)) sap_pool_cancel(SAP_TRANSFER(pool->running.next), verdict);
  close_connections(pool);
}
/* NOLINTEND(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference) */

/* libcurl would say goodbye on the parent's connections and wait for threads that stayed there. Its multi handle and
   the busy easy handles are therefore left alone: that memory is not used again in this process. */
static void drop_inherited(struct sap_pool *pool) {
  if (pool->multi == NULL || pool->generation == pool->commons->reactor.generation) return;
  pool->multi = NULL;
  pool->is_lost = false;
  pool->deadline = SAP_NEVER;
  free_spare(pool);
  pool->references++;
  while (!sap_list_is_empty(&pool->running)) {
    struct sap_transfer *transfer = SAP_TRANSFER(pool->running.next);
    sap_transfer_give_up(transfer, CURLE_OK, SAP_VERDICT_FORKED);
    retire(transfer);
  }
  sap_pool_release(pool);
}

/* Working. */

/* Where libcurl itself fails, for want of memory or of a place in the epoll set, it has lost track of its sockets and
   timers: nothing would wake what runs, so it ends, and the next transfer finds everything new. */
static void act(struct sap_pool *pool, curl_socket_t fd, int events) {
  if (pool->multi == NULL) return;
  pool->references++;
  pool->lack = SAP_VERDICT_NONE;
  struct sap_pipe_guard guard;
  int running;
  sap_pipe_guard_begin(&guard, (pool->quirks & SAP_QUIRK_RAISES_SIGPIPE) != 0);
  CURLMcode status = curl_multi_socket_action(pool->multi, fd, events, &running);
  complete_finished(pool);
  sap_pipe_guard_end(&guard);
  if (status != CURLM_OK || pool->is_lost) end_all(pool, SAP_VERDICT_NO_MEMORY);
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

/* libcurl hands over what it has kept, and where that fails only says so here. */
void sap_pool_resume(struct sap_transfer *transfer) {
  struct sap_pipe_guard guard;
  struct sap_pool *pool = transfer->pool;
  pool->references++;
  sap_list_remove(&transfer->pause);
  sap_pipe_guard_begin(&guard, (pool->quirks & SAP_QUIRK_RAISES_SIGPIPE) != 0);
  CURLcode code = curl_easy_pause(transfer->handle->easy, CURLPAUSE_CONT);
  if (code != CURLE_OK) complete(transfer, code);
  sap_pipe_guard_end(&guard);
  sap_pool_release(pool);
}

static bool need_libcurl(struct sap_commons *commons) {
  if (!commons->initialised) commons->initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return commons->initialised;
}

static CURLcode add(struct sap_pool *pool, struct sap_transfer *transfer, struct sap_handle *handle,
                    const struct sap_request *request) {
  CURLcode code = sap_transfer_load(transfer, handle, request);
  if (code != CURLE_OK) return code;
  return curl_multi_add_handle(pool->multi, handle->easy) == CURLM_OK ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static CURLcode hand_over(struct sap_pool *pool, struct sap_transfer *transfer,
                          const struct sap_request *request) {
  struct sap_handle *handle;
  if (!need_libcurl(pool->commons) || need_multi(pool) == NULL) return CURLE_OUT_OF_MEMORY;
  CURLcode code = take_handle(pool, request->origin, &handle);
  if (code == CURLE_OK) code = add(pool, transfer, handle, request);
  if (code == CURLE_OK)
    link_running(pool, transfer, handle);
  else if (handle != NULL)
    give_handle(pool, handle, true);
  return code;
}

/* Without descriptors there can be no connection either. */
static CURLcode fail_open(struct sap_transfer *transfer, int error) {
  if (error == EMFILE || error == ENFILE) transfer->facts.verdict = SAP_VERDICT_NO_DESCRIPTOR;
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
  if (code != CURLE_OK) sap_transfer_give_up(transfer, code, transfer->facts.verdict);
}

/* Life. */

static void enter(struct sap_pool *pool, struct sap_commons *commons) {
  pool->commons = commons;
  sap_list_add(&commons->pools, &pool->link);
}

static void leave(struct sap_pool *pool) {
  sap_list_remove(&pool->link);
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
  sap_list_init(&pool->running);
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
    close_connections(pool); /* NOLINT(clang-analyzer-unix.Malloc): held, see above */
    leave(pool);
  }
  sap_settings_free(&pool->settings);
  free(pool);
}
