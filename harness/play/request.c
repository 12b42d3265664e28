#include "play/play_internal.h"

#include "base/ascii.h"
#include "proto/deflate_params.h"
#include "proto/handshake.h"
#include "proto/http_list.h"

#include <string.h>

/* The rule that a server goes by, and the one that the client broke. NULL: it broke none; a server
 * only need not put up with it. */
struct counterpart {
  const char *of_server, *of_client;
};

static const struct counterpart counterparts[] = {
    {"9112-2.2-08", "6455-4.1-19"},   /* no reading is possible */
    {"9112-3-03", NULL},              /* limits of our own */
    {"9110-5.4-01", NULL},            /* */
    {"6455-4.2.1-03", "6455-4.1-21"}, /* the HTTP version */
    {"6455-4.2.1-02", "6455-4.1-20"}, /* GET */
    {"9112-3.2-03", "6455-4.1-23"},   /* Host */
    {"9112-3.2-04", "6455-4.1-23"},   /* */
    {"9112-3.2-05", "6455-4.1-23"},   /* */
    {"6455-4.2.1-04", "6455-4.1-22"}, /* the request target */
    {"9112-6-01", NULL},              /* a body is of no use, but lawful */
    {"6455-4.2.1-07", "6455-4.1-24"}, /* Upgrade */
    {"6455-4.2.1-08", "6455-4.1-24"}, /* */
    {"6455-4.2.1-11", "6455-4.1-25"}, /* Connection */
    {"6455-4.2.1-13", "6455-4.1-26"}, /* Sec-WebSocket-Key */
    {"6455-11.3.1-02", "6455-11.3.1-01"},
    {"6455-4.2.1-14", "6455-4.1-27"},
    {"6455-4.2.1-16", "6455-4.1-31"}, /* Sec-WebSocket-Version */
    {"6455-4.2.1-17", "6455-4.1-32"},
    {"6455-11.3.5-03", "6455-11.3.5-02"},
    {"6455-4.2.1-20", "6455-4.1-34"}, /* Sec-WebSocket-Protocol */
    {"6455-4.2.1-21", "6455-4.3-02"}, /* Sec-WebSocket-Extensions */
};

/* Any other requirement is that of the sender already. */
static const char *requirement_of_client(const char *requirement) {
  for (size_t i = 0; i < sizeof counterparts / sizeof counterparts[0]; i++) {
    if (strcmp(counterparts[i].of_server, requirement) == 0) {
      return counterparts[i].of_client;
    }
  }
  return requirement;
}

static void find_fault(struct wspec_play *play, struct link *link,
                       const struct wspec_handshake_fault *fault) {
  const char *requirement = requirement_of_client(fault->requirement);
  if (requirement) {
    play_find(play, requirement, link_index(play, link), link->head_offset + fault->offset,
              "the client's request: %s", fault->sentence);
  }
}

/* Section 4.1 item 5: what the client was told to connect to, where that is known. */
static void judge_place(struct wspec_play *play, struct link *link,
                        const struct wspec_handshake_offer *offer) {
  const struct wspec_play_config *config = play->config;
  unsigned index = link_index(play, link);
  if (!uri_judge_host(play, link, offer) && config->host && offer->host.len > 0 &&
      !wspec_ascii_equal_nocase(offer->host, wspec_span_text(config->host))) {
    play_find(play, "6455-4.1-23", index, link->head_offset,
              WSPEC_FINDING_OTHER_HOST "%s, and its request is for '%.*s'", config->host,
              (int)(offer->host.len < 200 ? offer->host.len : 200), (const char *)offer->host.data);
  }
  if (!uri_judge_resource(play, link, offer) && config->target && offer->resource_name.len > 0 &&
      !uri_is_same(offer->resource_name, wspec_span_text(config->target))) {
    play_find(play, "6455-4.1-22", index, link->head_offset,
              WSPEC_FINDING_OTHER_RESOURCE "%s, and the request is for '%.*s'", config->target,
              (int)(offer->resource_name.len < 200 ? offer->resource_name.len : 200),
              (const char *)offer->resource_name.data);
  }
}

/* The RFC's own sample has pad bits that are not 0, so a server may put up with them; an encoder
 * that makes them has not encoded 16 octets (RFC 4648 section 3.5). */
static void judge_pad_bits(struct wspec_play *play, struct link *link,
                           const struct wspec_handshake_offer *offer) {
  if (offer->key.len > 0 && wspec_handshake_check_key(offer->key) == WSPEC_HANDSHAKE_KEY_PAD_BITS) {
    play_find(play, "6455-4.1-27", link_index(play, link), link->head_offset,
              "the pad bits of the Sec-WebSocket-Key are not 0");
  }
}

/* A server has to decline an offer that breaks RFC 7692. Whoever makes it breaks section 7.1 there,
 * or RFC 6455 section 9, by which the parameters are those of the extension. */
static void judge_deflate_offers(struct wspec_play *play, struct link *link) {
  struct wspec_extensions offers;
  if (wspec_extensions_read(&offers, &link->head)) {
    return; /* its syntax is judged with the request's */
  }
  for (size_t i = 0; i < offers.n_items; i++) {
    struct wspec_deflate_params params;
    struct wspec_deflate_faults faults;
    if (wspec_deflate_is_name(&offers.items[i]) &&
        !wspec_deflate_read_offer(&offers.items[i], &params, &faults)) {
      play_find(play, faults.items[0].of_sender, link_index(play, link), link->head_offset,
                "the client's offer of permessage-deflate: %s", faults.items[0].sentence);
    }
  }
}

void request_judge(struct wspec_play *play, struct link *link) {
  struct wspec_handshake_offer offer;
  enum wspec_err err = wspec_handshake_check_request(&link->head, &offer);
  for (size_t i = 0; err && i < offer.n_faults; i++) {
    find_fault(play, link, &offer.faults[i]);
  }
  if (link->head.state == WSPEC_HTTP_STATE_COMPLETE) {
    judge_place(play, link, &offer);
    judge_pad_bits(play, link, &offer);
    judge_deflate_offers(play, link);
  }
}

struct wspec_span request_value(const struct link *link, const char *name) {
  const struct wspec_http_field *field =
      link->has_head ? wspec_http_head_find(&link->head, name, NULL) : NULL;
  return field ? field->value : (struct wspec_span){NULL, 0};
}

struct wspec_span request_first_element(const struct link *link, const char *name) {
  struct wspec_http_list list;
  struct wspec_span element = {NULL, 0};
  if (link->has_head) {
    wspec_http_list_init(&list, &link->head, name);
    (void)wspec_http_list_next(&list, &element);
  }
  return element;
}
