#include "peers.h"

#include "bench.h"
#include "picohttpparser.h"

uint64_t peer_picohttpparser_fields(void *context, uint64_t rounds) {
  auto *head = static_cast<bench_head *>(context);
  uint64_t fields = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    const char *method;
    const char *path;
    size_t method_len;
    size_t path_len;
    int minor_version;
    phr_header headers[64];
    size_t n_headers = 64;
    int len = phr_parse_request(head->octets, head->len, &method, &method_len, &path, &path_len,
                                &minor_version, headers, &n_headers, 0);
    fields += len == static_cast<int>(head->len) ? n_headers : 0;
    bench_touch_memory();
  }
  return fields;
}
