/* peers: what wspec's own code is measured against. Each is there if bench/run could fetch it. */
#ifndef WSPEC_BENCH_PEERS_H
#define WSPEC_BENCH_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef WSPEC_BENCH_SIMDUTF
/* peer_simdutf_find returns simdutf's implementation `name`, "haswell" or "westmere"; NULL if this
 * build or processor has none of that name. Static storage. */
const void *peer_simdutf_find(const char *name);

/* peer_simdutf_is_valid is simdutf's validation of a whole text by `implementation`. */
bool peer_simdutf_is_valid(const void *implementation, const uint8_t *data, size_t len);
#endif

#ifdef __cplusplus
}
#endif

#endif
