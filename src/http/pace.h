/* How many bytes of files one step may take: what a fast server has sent would hold a host up for as long as it lasts. */
#ifndef SAP_HTTP_PACE_H
#define SAP_HTTP_PACE_H

#include <stddef.h>

#include "bytes/list.h"

/* Half a millisecond's worth where memory is the limit; a slow disk takes no more of it at once than it has to. */
#define SAP_FILE_BYTES_PER_STEP ((size_t)1024 * 1024)

struct sap_pace {
  size_t room;            /* bytes that files may still take in this step */
  struct sap_link paused; /* transfers that go on in the next one, the longest paused first */
};

#endif
