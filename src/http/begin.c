/* Decides, each time that libcurl is about to send a request, whether it may: from 7.80 on libcurl asks. */
#include "http/begin.h"

#include <curl/curl.h>

#include "http/handle.h"
#include "http/transfer.h"

#if LIBCURL_VERSION_NUM >= 0x075000

/* Bytes of the request that have left, by libcurl's account: what a proxy was asked is among them. */
static long bytes_sent(const struct sap_handle *handle) {
  long sent = 0;
  curl_easy_getinfo(handle->easy, CURLINFO_REQUEST_SIZE, &sent);
  return sent;
}

/* A second beginning of what must not be done twice is allowed only where nothing has left since the first. */
static bool may_begin_again(const struct sap_transfer *transfer, long sent) {
  bool matters = transfer->once || transfer->upload.any;
  return !matters || transfer->begins == 0 || sent <= transfer->sent_before;
}

static int on_begin(void *context, char *to_ip, char *from_ip, int to_port, int from_port) {
  struct sap_handle *handle = context;
  struct sap_transfer *transfer = handle->transfer;
  long sent = bytes_sent(handle);
  (void)to_ip, (void)from_ip, (void)to_port;
  if (!may_begin_again(transfer, sent)) {
    transfer->facts.verdict = SAP_VERDICT_SENT_ALREADY;
    return CURL_PREREQFUNC_ABORT;
  }
  bool may_carry = sap_kept_may_carry(&handle->by, handle->easy, from_port);
  transfer->refused = !may_carry && !transfer->only_new;
  if (transfer->refused) return CURL_PREREQFUNC_ABORT;
  transfer->begins++;
  transfer->sent_before = sent;
  return CURL_PREREQFUNC_OK;
}

void sap_begin_set_callbacks(struct sap_handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_PREREQFUNCTION, on_begin);
  curl_easy_setopt(handle->easy, CURLOPT_PREREQDATA, handle);
}

#else

void sap_begin_set_callbacks(struct sap_handle *handle) {
  (void)handle;
}

#endif
