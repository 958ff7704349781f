/* Waits for many descriptors through one: an epoll set with a timer in it. Knows nothing of who uses them. */
#ifndef SAP_HTTP_REACTOR_H
#define SAP_HTTP_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SAP_NEVER INT64_MAX

/* What a descriptor is watched for, and found to be. */
enum { SAP_READABLE = 1, SAP_WRITABLE = 2, SAP_BROKEN = 4 };

struct sap_socket {
  void *owner;      /* NULL while nobody uses the descriptor */
  unsigned wanted;  /* what the owner waits for; 0 while the connection is idle */
  unsigned watched; /* what the epoll set reports; 0 when the descriptor is not in it */
  bool adopted;     /* opened and closed with the reactor's knowledge */
  bool quiet;       /* used, and nothing may arrive while it is idle: what does ends it */
  uint16_t port;    /* its own, once somebody has asked for it; else 0 */
  int next;         /* with a port of the same place in `by_port`, or -1 */
  ino_t inode;      /* of an adopted one */
};

enum { SAP_PORT_PLACES = 256 };

struct sap_reactor {
  pid_t process;       /* the one that opened the descriptors, 0 before that */
  unsigned generation; /* grows with every fork that was noticed */
  int epoll, timer;    /* -1 while closed */
  int64_t armed;       /* when the timer will fire, SAP_NEVER if not at all */
  struct sap_socket *sockets;
  size_t socket_count;
  int by_port[SAP_PORT_PLACES]; /* the first descriptor of each, or -1 */
};

struct sap_ready {
  void *owner;
  int fd;
  unsigned what;
};

void sap_reactor_init(struct sap_reactor *reactor);

/* Opens the descriptors where they are closed. 0, or an errno. */
int sap_reactor_open(struct sap_reactor *reactor);
void sap_reactor_close(struct sap_reactor *reactor);

/* In a forked child: closes this process's copies of what belongs to the parent, and begins a new generation. */
void sap_reactor_adopt(struct sap_reactor *reactor);

/* Milliseconds of a clock that nobody sets. */
int64_t sap_reactor_now(void);

/* The owner opened a socket, or is about to close it. Noting an opening fails with -1 when there is no memory. */
int sap_reactor_note_open(struct sap_reactor *reactor, void *owner, int fd);
void sap_reactor_note_close(struct sap_reactor *reactor, int fd);

/* Watches for SAP_READABLE, SAP_WRITABLE, both or nothing. 0, or -1 when it cannot be done. */
int sap_reactor_watch(struct sap_reactor *reactor, void *owner, int fd, unsigned what);

/* Looks at a descriptor no more until it is watched again: what arrives on it is somebody's. 0, or -1 without memory. */
int sap_reactor_ignore(struct sap_reactor *reactor, void *owner, int fd);

/* The same for what seems to be idle of the owner's connections with this local port. */
void sap_reactor_ignore_idle(struct sap_reactor *reactor, const void *owner, int port);

/* What a connection that is about to be used was found to be. */
enum sap_use {
  SAP_USE_FIRST,   /* not used before */
  SAP_USE_CLEAN,   /* idle, and nothing has arrived on it */
  SAP_USE_DIRTY,   /* something has, or its end: do not use it */
  SAP_USE_UNKNOWN, /* none of this owner's has that local port */
};

/* Looks at the owner's connection with this local port, and takes it for one that is quiet while it is idle. */
enum sap_use sap_reactor_use(struct sap_reactor *reactor, const void *owner, int port);

/* The descriptor of the whole becomes readable at that time, or earlier. */
void sap_reactor_arm(struct sap_reactor *reactor, int64_t when);

/* Waits for at most `milliseconds` and writes down what is ready and has an owner. The count, or -1 with errno. What is
   in the list may lose its owner while the list is worked off: ask sap_reactor_owns before each. */
int sap_reactor_wait(struct sap_reactor *reactor, int milliseconds, struct sap_ready *list, int room);
bool sap_reactor_owns(const struct sap_reactor *reactor, const struct sap_ready *ready);

#endif
