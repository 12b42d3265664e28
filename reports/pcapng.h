/* pcapng: the transcripts of sorted reports as a capture that Wireshark and tshark read.
 *
 * The octets are those that wspec sent and took, so TLS is already off; the packets around them are
 * made up: each connection of a case has a client address of its own, 192.0.2.1 port 80 is the
 * target, and the cases follow each other in time. */
#ifndef WSPEC_REPORTS_PCAPNG_H
#define WSPEC_REPORTS_PCAPNG_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_pcapng_write writes every result that has a transcript. The first packet of a connection
 * carries the case as a comment, and the packet with the octet of a finding its message.
 * WSPEC_ERR_IO: the file is not whole; WSPEC_ERR_NOMEM likewise. */
WSPEC_MUST_USE enum wspec_err wspec_pcapng_write(FILE *file, const struct wspec_report *reports,
                                                 size_t n_reports);

#endif
