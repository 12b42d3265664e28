/* peers: what wspec's own code is measured against. Each is there if bench/run could fetch it. The
 * rounds are counted on their side, so that they pay for no call that their users do not pay for. */
#ifndef WSPEC_BENCH_PEERS_H
#define WSPEC_BENCH_PEERS_H

#include "frames.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* struct bench_head is the head of a request, what the candidates of bench_handshake read. */
struct bench_head {
  const char *octets;
  size_t len;
  size_t n_fields;
};

#ifdef WSPEC_BENCH_SIMDUTF
/* peer_simdutf_find returns simdutf's implementation `name`, "haswell" or "westmere"; NULL if this
 * build or processor has none of that name. Static storage. */
const void *peer_simdutf_find(const char *name);

/* peer_simdutf_validate validates a text `rounds` times by `implementation`, and returns how many
 * times it was valid. */
uint64_t peer_simdutf_validate(const void *implementation, const uint8_t *data, size_t len,
                               uint64_t rounds);
#endif

#ifdef WSPEC_BENCH_UWEBSOCKETS
/* peer_uwebsockets_validate is the same with what uWebSockets' frame parser calls. */
uint64_t peer_uwebsockets_validate(const uint8_t *data, size_t len, uint64_t rounds);

/* Each of the functions from here on is a bench_candidate's `run` for a struct bench_frames: it
 * reads the whole stream `rounds` times and returns the sum of bench_frames_count.
 * peer_uwebsockets_consume calls the frame parser alone, peer_uwebsockets_messages puts messages
 * together and checks text, as its server does. Reads are as long as it is compiled for, which is
 * its own short cut. */
uint64_t peer_uwebsockets_consume(void *frames, uint64_t rounds);
uint64_t peer_uwebsockets_messages(void *frames, uint64_t rounds);
#endif

#ifdef WSPEC_BENCH_WSLAY
/* peer_wslay_frames reads by wslay's API of frames, which does not look at text;
 * peer_wslay_messages by that of events, which does. */
uint64_t peer_wslay_frames(void *frames, uint64_t rounds);
uint64_t peer_wslay_messages(void *frames, uint64_t rounds);
#endif

#ifdef WSPEC_BENCH_BEAST
/* peer_beast_messages reads messages by Boost.Beast's websocket::stream, as a server. */
uint64_t peer_beast_messages(void *frames, uint64_t rounds);

/* peer_beast_fields, and its like for other parsers of HTTP, reads a struct bench_head `rounds` times
 * and returns how many fields there were in all. */
uint64_t peer_beast_fields(void *head, uint64_t rounds);
#endif

#ifdef WSPEC_BENCH_LLHTTP
uint64_t peer_llhttp_fields(void *head, uint64_t rounds);
#endif

#ifdef WSPEC_BENCH_PICOHTTPPARSER
uint64_t peer_picohttpparser_fields(void *head, uint64_t rounds);
#endif

#ifdef __cplusplus
}
#endif

#endif
