/* plain_conn: RFC 6455 section 5 and 7 as a receiver that is slow and plain, a second opinion on
 * proto/conn.h. It knows nothing of that, nor of any other code of proto: it takes a whole stream,
 * octet by octet, a rule a line. */
#ifndef WSPEC_FUZZ_PLAIN_CONN_H
#define WSPEC_FUZZ_PLAIN_CONN_H

#include "common/sink.h"

/* What the stream is read with. */
struct plain_options {
  bool is_client; /* it reads what a server sends */
  bool check_utf8;
  bool takes_rsv1; /* with the meaning that the octets are as they are */
  uint64_t message_max, frame_max, fragments_max;
};

/* plain_conn_read reads the stream to its end, to a close frame or to the first violation, and
 * reports to `sink`. Returns the status code of the close frame that answers the violation, 0 if
 * there is none, and sets `*closed` if a close frame was taken. */
uint16_t plain_conn_read(const struct plain_options *options, const uint8_t *octets, size_t len,
                         struct fuzz_sink *sink, bool *closed);

#endif
