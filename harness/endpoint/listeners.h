/* listeners: who wants to hear of an event of a websocket; internal to endpoint/. */
#ifndef WSPEC_ENDPOINT_LISTENERS_H
#define WSPEC_ENDPOINT_LISTENERS_H

#include "endpoint/websocket.h"

struct wspec__listener {
  enum wspec_websocket_event_type type;
  wspec_websocket_handler *handler; /* NULL: removed while an event is handled */
  void *user;
  bool is_assigned; /* by wspec_websocket_set_handler */
};

struct wspec__listeners {
  struct wspec__listener *items;
  size_t n;
  size_t capacity;
  unsigned depth; /* of events being handled */
};

/* wspec__listeners_assign, _add and _remove: see websocket.h. */
enum wspec_err wspec__listeners_assign(struct wspec__listeners *listeners,
                                       const struct wspec__listener *listener);
enum wspec_err wspec__listeners_add(struct wspec__listeners *listeners,
                                    const struct wspec__listener *listener);
void wspec__listeners_remove(struct wspec__listeners *listeners,
                             const struct wspec__listener *listener);

/* wspec__listeners_remove_all leaves none. */
void wspec__listeners_remove_all(struct wspec__listeners *listeners);

/* wspec__listeners_call calls all of the event's type, in the order in which they were added. */
void wspec__listeners_call(struct wspec__listeners *listeners, struct wspec_websocket *socket,
                           const struct wspec_websocket_event *event);

/* wspec__listeners_clear frees the memory. Not while an event is handled. */
void wspec__listeners_clear(struct wspec__listeners *listeners);

#endif
