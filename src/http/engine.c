/* Steps the pools of a Lua state: one descriptor to wait for, one call to make when it can be read. */
#include "http/engine.h"

#include <errno.h>
#include <stdlib.h>

#include <curl/curl.h>

enum { ROUNDS_PER_STEP = 8 };

struct sap_engine *sap_engine_new(void) {
  struct sap_engine *engine = calloc(1, sizeof *engine);
  if (engine == NULL) return NULL;
  sap_reactor_init(&engine->commons.reactor);
  sap_placer_init(&engine->commons.placer);
  sap_list_init(&engine->commons.pace.paused);
  sap_list_init(&engine->commons.done);
  sap_list_init(&engine->commons.pools);
  return engine;
}

/* A pool that only its transfers hold goes away when the last of them ends. */
static void each_pool(struct sap_engine *engine, void (*visit)(struct sap_pool *)) {
  struct sap_link *pools = &engine->commons.pools, *next;
  for (struct sap_link *link = pools->next; link != pools; link = next) {
    next = link->next;
    visit(SAP_POOL(link));
  }
}

void sap_engine_free(struct sap_engine *engine) {
  each_pool(engine, sap_pool_close);
  while (!sap_list_is_empty(&engine->commons.done)) sap_list_remove(engine->commons.done.next);
  sap_reactor_adopt(&engine->commons.reactor);
  sap_placer_close(&engine->commons.placer, &engine->commons.reactor);
  sap_reactor_close(&engine->commons.reactor);
  if (engine->commons.initialised) curl_global_cleanup();
  free(engine);
}

int sap_engine_open(struct sap_engine *engine) {
  int error = sap_reactor_open(&engine->commons.reactor);
  if (engine->commons.reactor.generation != engine->generation) each_pool(engine, sap_pool_adopt);
  engine->generation = engine->commons.reactor.generation;
  return error;
}

/* Timers. */

static void act_if_due(struct sap_engine *engine, struct sap_pool *pool, int64_t now) {
  if (pool->deadline > now) return;
  engine->events++;
  sap_pool_act_due(pool);
}

/* Completes those whose files are in place, or whose time is up. */
static void complete_placed(struct sap_engine *engine, int64_t now) {
  struct sap_transfer *transfer;
  while ((transfer = sap_placer_next(&engine->commons.placer, now)) != NULL) {
    engine->events++;
    sap_pool_complete_placed(transfer);
  }
}

/* Whether there was anything to do. */
static bool run_due(struct sap_engine *engine, int64_t now) {
  unsigned before = engine->events;
  complete_placed(engine, now);
  struct sap_link *pools = &engine->commons.pools, *next;
  for (struct sap_link *link = pools->next; link != pools; link = next) {
    next = link->next;
    act_if_due(engine, SAP_POOL(link), now);
  }
  return engine->events != before;
}

/* Files may take more, and whoever had to wait for that goes on; some may have to wait again. */
static void make_room(struct sap_engine *engine) {
  struct sap_pace *pace = &engine->commons.pace;
  struct sap_link last = { 0 };
  pace->room = SAP_FILE_BYTES_PER_STEP;
  if (sap_list_is_empty(&pace->paused)) return;
  sap_list_add(&pace->paused, &last);
  while (pace->paused.next != &last) {
    engine->events++;
    sap_pool_resume(SAP_ENTRY(pace->paused.next, struct sap_transfer, pause));
  }
  sap_list_remove(&last);
}

static int64_t next_deadline(const struct sap_engine *engine) {
  if (!sap_list_is_empty(&engine->commons.pace.paused)) return 1; /* long ago */
  int64_t next = sap_placer_deadline(&engine->commons.placer);
  const struct sap_link *pools = &engine->commons.pools;
  for (struct sap_link *link = pools->next; link != pools; link = link->next)
    if (SAP_POOL(link)->deadline < next) next = SAP_POOL(link)->deadline;
  return next;
}

/* Stepping. */

static int collect(struct sap_engine *engine, int milliseconds, int most) {
  struct sap_reactor *reactor = &engine->commons.reactor;
  struct sap_ready ready[SAP_READY_PER_STEP];
  int count =
      sap_reactor_wait(reactor, milliseconds, ready, most < SAP_READY_PER_STEP ? most : SAP_READY_PER_STEP);
  if (count < 0) return errno;
  for (int i = 0; i < count; i++) {
    if (!sap_reactor_owns(reactor, &ready[i])) continue;
    engine->events++;
    if (ready[i].owner == &engine->commons.placer)
      sap_placer_clear(&engine->commons.placer); /* what is in its place is completed with what is due */
    else
      sap_pool_act(ready[i].owner, ready[i].fd, ready[i].what);
  }
  return 0;
}

static int allowed_wait(const struct sap_engine *engine, int milliseconds, int64_t now) {
  int64_t left = next_deadline(engine) - now;
  if (!sap_list_is_empty(&engine->commons.done) || left <= 0) return 0;
  return left < milliseconds ? (int)left : milliseconds;
}

int sap_engine_step(struct sap_engine *engine, int milliseconds, int most) {
  engine->events = 0;
  int error = sap_engine_open(engine);
  if (error != 0) return error;
  make_room(engine);
  run_due(engine, sap_reactor_now());
  error = collect(engine, allowed_wait(engine, milliseconds, sap_reactor_now()), most);
  for (int round = 0; round < ROUNDS_PER_STEP && run_due(engine, sap_reactor_now()); round++) continue;
  sap_reactor_arm(&engine->commons.reactor, next_deadline(engine));
  return error;
}

void sap_engine_alert(struct sap_engine *engine) {
  sap_reactor_arm(&engine->commons.reactor, 1);
}
