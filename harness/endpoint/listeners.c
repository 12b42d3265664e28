#include "endpoint/listeners.h"

#include <stdlib.h>

static enum wspec_err append(struct wspec__listeners *listeners,
                             const struct wspec__listener *listener) {
  if (listeners->n == listeners->capacity) {
    size_t capacity = listeners->capacity > 0 ? 2 * listeners->capacity : 8;
    struct wspec__listener *items = realloc(listeners->items, capacity * sizeof *items);
    if (!items) {
      return WSPEC_ERR_NOMEM;
    }
    listeners->items = items;
    listeners->capacity = capacity;
  }
  listeners->items[listeners->n++] = *listener;
  return WSPEC_OK;
}

/* Takes out what was removed, once nobody walks the list. */
static void compact(struct wspec__listeners *listeners) {
  size_t kept = 0;
  for (size_t i = 0; listeners->depth == 0 && i < listeners->n; i++) {
    if (listeners->items[i].handler) {
      listeners->items[kept++] = listeners->items[i];
    }
  }
  listeners->n = listeners->depth == 0 ? kept : listeners->n;
}

static struct wspec__listener *find_assigned(struct wspec__listeners *listeners,
                                             enum wspec_websocket_event_type type) {
  for (size_t i = 0; i < listeners->n; i++) {
    struct wspec__listener *item = &listeners->items[i];
    if (item->is_assigned && item->handler && item->type == type) {
      return item;
    }
  }
  return NULL;
}

static struct wspec__listener *find_added(struct wspec__listeners *listeners,
                                          const struct wspec__listener *listener) {
  for (size_t i = 0; i < listeners->n; i++) {
    struct wspec__listener *item = &listeners->items[i];
    if (!item->is_assigned && item->type == listener->type && item->handler == listener->handler &&
        item->user == listener->user) {
      return item;
    }
  }
  return NULL;
}

enum wspec_err wspec__listeners_assign(struct wspec__listeners *listeners,
                                       const struct wspec__listener *listener) {
  struct wspec__listener *found = find_assigned(listeners, listener->type);
  if (found) {
    found->handler = listener->handler;
    found->user = listener->user;
    compact(listeners);
    return WSPEC_OK;
  }
  return listener->handler ? append(listeners, listener) : WSPEC_OK;
}

enum wspec_err wspec__listeners_add(struct wspec__listeners *listeners,
                                    const struct wspec__listener *listener) {
  if (!listener->handler || find_added(listeners, listener)) {
    return WSPEC_OK;
  }
  return append(listeners, listener);
}

void wspec__listeners_remove(struct wspec__listeners *listeners,
                             const struct wspec__listener *listener) {
  struct wspec__listener *found = listener->handler ? find_added(listeners, listener) : NULL;
  if (found) {
    found->handler = NULL;
    compact(listeners);
  }
}

void wspec__listeners_remove_all(struct wspec__listeners *listeners) {
  for (size_t i = 0; i < listeners->n; i++) {
    listeners->items[i].handler = NULL;
  }
  compact(listeners);
}

void wspec__listeners_call(struct wspec__listeners *listeners, struct wspec_websocket *socket,
                           const struct wspec_websocket_event *event) {
  size_t n = listeners->n; /* whoever is added now waits for the next event */
  listeners->depth++;
  for (size_t i = 0; i < n; i++) {
    struct wspec__listener listener = listeners->items[i]; /* the call may move them */
    if (listener.handler && listener.type == event->type) {
      listener.handler(listener.user, socket, event);
    }
  }
  listeners->depth--;
  compact(listeners);
}

void wspec__listeners_clear(struct wspec__listeners *listeners) {
  free(listeners->items);
  *listeners = (struct wspec__listeners){.items = NULL};
}
