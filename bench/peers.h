/* peers: what wspec's own code is measured against. Each is there if bench/run could fetch it. The
 * rounds are counted on their side, so that they pay for no call that their users do not pay for. */
#ifndef WSPEC_BENCH_PEERS_H
#define WSPEC_BENCH_PEERS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

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
#endif

#ifdef __cplusplus
}
#endif

#endif
