/* load_parts: the readers of a case's parts; private to case/. Each fills a zeroed struct and tells
 * mistakes as reader.h says. */
#ifndef WSPEC_CASE_LOAD_PARTS_H
#define WSPEC_CASE_LOAD_PARTS_H

#include "case/reader.h"
#include "case/script.h"

enum {
  WSPEC_SEND_REPEAT_MAX = 1000000,
  WSPEC_FRAGMENTS_MAX = 1000000,
  WSPEC_WAIT_MAX_MS = 60000,
  WSPEC_PATIENCE_MAX = 100
};

/* load_payload.c */
void wspec_load_payload(struct wspec_reader *reader, const cJSON *item, struct wspec_payload *out);
void wspec_load_close_body(struct wspec_reader *reader, const cJSON *code, const cJSON *reason,
                           struct wspec_payload *out);

/* octet_file.c: the content of the file that a payload names, below the case file's folder. */
struct wspec_span wspec_load_octet_file(struct wspec_reader *reader, const cJSON *item);

/* load_send.c */
void wspec_load_segments(struct wspec_reader *reader, const cJSON *item,
                         struct wspec_segments *out);
struct wspec_send *wspec_load_sends(struct wspec_reader *reader, const cJSON *item, size_t *n_out);

/* load_compress.c: how a message with this payload is compressed; NULL: it is not. */
const struct wspec_compress_plan *wspec_load_compress(struct wspec_reader *reader,
                                                      const cJSON *item,
                                                      const struct wspec_payload *payload);

/* load_head.c */
void wspec_load_head(struct wspec_reader *reader, const cJSON *item, enum wspec_step_kind step,
                     struct wspec_head_plan *out);

/* load_fields.c: what the fields of a head must be, where that makes an alternative. */
void wspec_load_field_rules(struct wspec_reader *reader, const cJSON *item,
                            struct wspec_alternative *out);

/* load_expect.c */
void wspec_load_expectation(struct wspec_reader *reader, const cJSON *item,
                            struct wspec_expectation *out);
void wspec_load_close_expectation(struct wspec_reader *reader, bool has_code, uint16_t code,
                                  struct wspec_expectation *out);

/* load_call.c: what a script does in a case about an API; NULL after a mistake. */
const struct wspec_call *wspec_load_call(struct wspec_reader *reader, const cJSON *item);

/* load_uri.c: the URI that a client is handed; NULL after a mistake. */
const struct wspec_uri *wspec_load_uri(struct wspec_reader *reader, const cJSON *item);

/* load_steps.c: fills steps and connections of `reader->script`. */
void wspec_load_steps(struct wspec_reader *reader, const cJSON *item);

/* load_labels.c: tells labels that are used before they are defined, or defined twice. */
void wspec_load_check_labels(struct wspec_reader *reader, const cJSON *steps);

#endif
