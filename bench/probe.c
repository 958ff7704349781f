/* Asks one page again and again over one kept connection, at fixed distances, and prints how long the answers took:
   the 50th and the 99th percentile and the mean, in microseconds. Arguments: PORT PATH COUNT DISTANCE_US. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void give_up(const char *why) {
  fprintf(stderr, "probe: %s\n", why);
  exit(1);
}

static long long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void sleep_until(long long when) {
  struct timespec time = { .tv_sec = when / 1000000000LL, .tv_nsec = when % 1000000000LL };
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0) continue;
}

static int connect_to(int port) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) give_up("cannot connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/* The length of the whole answer, once its head is there. */
static size_t expected(const char *answer) {
  const char *end = strstr(answer, "\r\n\r\n");
  if (end == NULL) return 0;
  if (strncmp(answer, "HTTP/1.1 200", 12) != 0) give_up("the answer's status is not 200");
  const char *length = strcasestr(answer, "Content-Length: ");
  if (length == NULL || length > end) give_up("the answer has no length");
  return (size_t)(end + 4 - answer) + strtoul(length + 16, NULL, 10);
}

static void ask(int fd, const char *request) {
  static char answer[65536];
  size_t len = 0, whole = 0;
  if (write(fd, request, strlen(request)) != (ssize_t)strlen(request)) give_up("cannot write");
  while (whole == 0 || len < whole) {
    ssize_t got = read(fd, answer + len, sizeof answer - 1 - len);
    if (got <= 0) give_up("the connection ended");
    len += (size_t)got;
    answer[len] = '\0';
    whole = expected(answer);
  }
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

int main(int argc, char **argv) {
  char request[1024];
  if (argc < 5) give_up("expected PORT PATH COUNT DISTANCE_US");
  int count = atoi(argv[3]), fd = connect_to(atoi(argv[1]));
  double *took = calloc((size_t)count, sizeof *took), sum = 0;
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[2]);
  for (int i = 0; i < 20; i++) ask(fd, request);
  long long next = now_ns();
  for (int i = 0; i < count; i++) {
    sleep_until(next += atoll(argv[4]) * 1000);
    long long start = now_ns();
    ask(fd, request);
    took[i] = (double)(now_ns() - start) / 1e3;
    sum += took[i];
  }
  qsort(took, (size_t)count, sizeof *took, compare);
  printf("%.1f %.1f %.1f\n", took[count / 2], took[count * 99 / 100], sum / count);
  free(took);
  close(fd);
  return 0;
}
