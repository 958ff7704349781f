/* Connects "localhost" to loopback addresses whatever the resolver says. */
#include "http/loopback.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char name[] = "localhost";

static bool has_scheme(const char *url, const char *scheme) {
  return strncmp(url, scheme, strlen(scheme)) == 0;
}

/* The host stands after the credentials, which may hold anything but a slash. */
static const char *find_host(const char *url) {
  const char *host = strstr(url, "://");
  if (host == NULL) return "";
  const char *at = strrchr(host, '@');
  return at != NULL ? at + 1 : host + 3;
}

/* The entry for one name and port, or an empty one for another name. */
static void note(char *entry, size_t size, const char *url, const char *port) {
  const char *host = url != NULL ? find_host(url) : "";
  *entry = '\0';
  if (strncmp(host, name, sizeof name - 1) != 0) return;
  const char *after = host + sizeof name - 1;
  if (*after != ':' && *after != '\0') return;
  if (*after == ':') port = after + 1;
  (void)snprintf(entry, size, "%s:%.5s:127.0.0.1,[::1]", name, port);
}

void sap_loopback_note_origin(struct sap_loopback *loopback, const char *url) {
  note(loopback->origin, sizeof loopback->origin, url, has_scheme(url, "https:") ? "443" : "80");
}

void sap_loopback_note_proxy(struct sap_loopback *loopback, const char *url) {
  const char *port = url != NULL && has_scheme(url, "https:") ? "443" : "1080";
  note(loopback->proxy, sizeof loopback->proxy, url, port);
}

struct curl_slist *sap_loopback_list(struct sap_loopback *loopback) {
  struct curl_slist *items = loopback->items;
  items[0] = (struct curl_slist){ loopback->origin, NULL };
  items[1] = (struct curl_slist){ loopback->proxy, NULL };
  if (*loopback->proxy == '\0') return *loopback->origin != '\0' ? items : NULL;
  items[0].next = items + 1;
  return *loopback->origin != '\0' ? items : items + 1;
}
