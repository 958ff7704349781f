/* Puts whole files in their places, each on a thread of its own, for the disk may take its time.

   A thread has a share in the sink, and a copy of the pipe's end that nobody else closes; it touches nothing else, so it may
   outlive the engine. What it tells is in the sink; the byte in the pipe only wakes. */
#define _GNU_SOURCE
#include "http/placer.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { STACK = 256 * 1024 };

struct job {
  struct sap_sink *sink;
  int notice;
};

#define SINK(entry) SAP_ENTRY(entry, struct sap_sink, link)

/* The pipe. */

void sap_placer_init(struct sap_placer *placer) {
  placer->ends[0] = placer->ends[1] = -1;
  sap_list_init(&placer->placing);
}

static void close_ends(struct sap_placer *placer, struct sap_reactor *reactor) {
  for (int i = 0; i < 2; i++) {
    if (placer->ends[i] < 0) continue;
    sap_reactor_note_close(reactor, placer->ends[i]);
    close(placer->ends[i]);
    placer->ends[i] = -1;
  }
}

/* What a fork inherited, the reactor has closed. */
static void forget_inherited(struct sap_placer *placer, const struct sap_reactor *reactor) {
  if (placer->generation != reactor->generation) placer->ends[0] = placer->ends[1] = -1;
  placer->generation = reactor->generation;
}

void sap_placer_close(struct sap_placer *placer, struct sap_reactor *reactor) {
  forget_inherited(placer, reactor);
  close_ends(placer, reactor);
}

static bool need_pipe(struct sap_placer *placer, struct sap_reactor *reactor) {
  forget_inherited(placer, reactor);
  if (placer->ends[0] >= 0) return true;
  if (pipe2(placer->ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  if (sap_reactor_note_open(reactor, placer, placer->ends[0]) == 0 &&
      sap_reactor_note_open(reactor, placer, placer->ends[1]) == 0 &&
      sap_reactor_watch(reactor, placer, placer->ends[0], SAP_READABLE) == 0)
    return true;
  close_ends(placer, reactor);
  return false;
}

/* Threads. */

static void *work(void *context) {
  struct job job = *(struct job *)context;
  free(context);
  sap_sink_place(job.sink);
  ssize_t written = write(job.notice, "", 1); /* a pipe that is full, or that nobody reads, needs no more */
  (void)written;
  close(job.notice);
  sap_sink_release(job.sink);
  return NULL;
}

/* The thread takes no signal that is meant for the host. */
static bool start(struct job *job) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = pthread_create(&thread, &attributes, work, job) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return started;
}

static bool start_with(struct sap_sink *sink, int notice) {
  struct job *job = notice >= 0 ? malloc(sizeof *job) : NULL;
  if (job == NULL) return false;
  *job = (struct job){ sap_sink_hold(sink), notice };
  if (start(job)) return true;
  sap_sink_release(sink);
  free(job);
  return false;
}

void sap_placer_begin(struct sap_placer *placer, struct sap_reactor *reactor, struct sap_sink *sink,
                      int64_t deadline) {
  int notice = need_pipe(placer, reactor) ? fcntl(placer->ends[1], F_DUPFD_CLOEXEC, 0) : -1;
  sink->deadline = deadline;
  sink->placing = true;
  sap_list_add(&placer->placing, &sink->link);
  if (start_with(sink, notice)) return;
  if (notice >= 0) close(notice);
  sap_sink_place(sink);
}

/* Ends. */

void sap_placer_clear(struct sap_placer *placer) {
  char bytes[64];
  while (read(placer->ends[0], bytes, sizeof bytes) > 0) continue;
}

struct sap_transfer *sap_placer_next(struct sap_placer *placer, int64_t now) {
  for (struct sap_link *link = placer->placing.next; link != &placer->placing; link = link->next) {
    struct sap_sink *sink = SINK(link);
    if (!atomic_load(&sink->placed) && sink->deadline > now) continue;
    sap_list_remove(link);
    return sink->transfer;
  }
  return NULL;
}

int64_t sap_placer_deadline(const struct sap_placer *placer) {
  int64_t first = SAP_NEVER;
  for (struct sap_link *link = placer->placing.next; link != &placer->placing; link = link->next) {
    if (atomic_load(&SINK(link)->placed)) return 1; /* long ago */
    if (SINK(link)->deadline < first) first = SINK(link)->deadline;
  }
  return first;
}
