#include "peers.h"

#include "bench.h"
#include "llhttp.h"

/* A user of llhttp learns of fields and values from callbacks; these keep where they are. */
struct reader {
  llhttp_t llhttp;
  uint64_t n_fields;
  const char *value;
  size_t value_len;
};

static int on_span(llhttp_t *llhttp, const char *at, size_t len) {
  auto *self = reinterpret_cast<reader *>(llhttp);
  self->value = at;
  self->value_len = len;
  return 0;
}

static int on_value_complete(llhttp_t *llhttp) {
  reinterpret_cast<reader *>(llhttp)->n_fields++;
  return 0;
}

uint64_t peer_llhttp_fields(void *context, uint64_t rounds) {
  auto *head = static_cast<bench_head *>(context);
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = on_span;
  settings.on_header_field = on_span;
  settings.on_header_value = on_span;
  settings.on_header_value_complete = on_value_complete;
  uint64_t fields = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    reader self = {};
    llhttp_init(&self.llhttp, HTTP_REQUEST, &settings);
    if (llhttp_execute(&self.llhttp, head->octets, head->len) == HPE_PAUSED_UPGRADE) {
      fields += self.n_fields;
    }
    bench_touch_memory();
  }
  return fields;
}
