/* Loopback ports that are kept from others and at which nobody listens yet. */
#define _GNU_SOURCE
#include "process/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static int bind_free(int fd, struct sockaddr_in *address) {
  socklen_t len = sizeof *address;
  int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -1;
  if (bind(fd, (const struct sockaddr *)address, len) != 0) return -1;
  return getsockname(fd, (struct sockaddr *)address, &len);
}

int sap_reserve_port(int *port) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (bind_free(fd, &address) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  *port = ntohs(address.sin_port);
  return fd;
}
