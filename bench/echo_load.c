/* echo_load: how many messages a second an echo server gives back. It knows just enough of frames to
 * count what comes: it is a yardstick, the same for every server, and no client.
 *
 * usage: echo_load PORT SIZE CONNECTIONS IN_FLIGHT SECONDS, on 127.0.0.1. Prints messages per
 * second, and how many there were in all, the time to get warm included. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, HEADER_MAX = 14, READ_LEN = 256 * 1024 };

struct connection {
  int fd;
  uint64_t to_send; /* octets of frames that may go now */
  size_t send_at;   /* in the frame */
  uint8_t header[HEADER_MAX];
  size_t header_len;
  uint64_t payload_left;
  bool is_final;
};

struct load {
  struct connection connections[CONNECTIONS_MAX];
  struct pollfd polls[CONNECTIONS_MAX];
  size_t n;
  uint8_t *frames; /* the same frame, over and over */
  size_t frame_len;
  size_t frames_len;
  uint64_t echoed;
};

static void die(const char *what) {
  (void)fprintf(stderr, "echo_load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void shake_hands(int fd) {
  static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: sN9cRrP/n9NdMgdcy2VJFQ==\r\n\r\n";
  char head[4096];
  size_t len = 0;
  if (write(fd, REQUEST, sizeof REQUEST - 1) < 0) {
    die("write");
  }
  while (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0) {
    if (len == sizeof head || read(fd, head + len, 1) != 1) {
      die("no answer to the handshake");
    }
    len++;
  }
}

static int open_connection(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    die("connect");
  }
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  shake_hands(fd);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
    die("fcntl");
  }
  return fd;
}

/* A masked binary frame, repeated so that one write carries many small ones. */
static void make_frames(struct load *load, size_t size) {
  uint8_t header[HEADER_MAX] = {0x82};
  size_t len = 2;
  if (size < 126) {
    header[1] = (uint8_t)(0x80 | size);
  } else {
    size_t octets = size < 65536 ? 2 : 8;
    header[1] = (uint8_t)(0x80 | (size < 65536 ? 126 : 127));
    for (size_t i = 0; i < octets; i++) {
      header[len++] = (uint8_t)((uint64_t)size >> (8 * (octets - 1 - i)));
    }
  }
  for (uint8_t i = 1; i <= 4; i++) {
    header[len++] = (uint8_t)(i * 0x35);
  }
  load->frame_len = len + size;
  size_t copies = 1 + 65536 / load->frame_len;
  load->frames_len = copies * load->frame_len;
  load->frames = calloc(1, load->frames_len);
  if (!load->frames) {
    die("memory");
  }
  for (size_t i = 0; i < copies; i++) {
    memcpy(load->frames + i * load->frame_len, header, len);
  }
}

static void send_some(struct load *load, struct connection *connection) {
  while (connection->to_send > 0) {
    size_t len = load->frames_len - connection->send_at;
    len = connection->to_send < len ? (size_t)connection->to_send : len;
    ssize_t count = send(connection->fd, load->frames + connection->send_at, len, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno != EAGAIN) {
        die("send");
      }
      return;
    }
    connection->to_send -= (uint64_t)count;
    connection->send_at = (connection->send_at + (size_t)count) % load->frames_len;
  }
}

static size_t header_need(const struct connection *connection) {
  if (connection->header_len < 2) {
    return 2;
  }
  unsigned length = connection->header[1] & 0x7f;
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

static uint64_t payload_len(const struct connection *connection) {
  size_t need = header_need(connection);
  uint64_t len = need == 2 ? connection->header[1] & 0x7f : 0;
  for (size_t i = 2; i < need; i++) {
    len = len << 8 | connection->header[i];
  }
  return len;
}

static void end_frame(struct load *load, struct connection *connection) {
  connection->header_len = 0;
  if (connection->is_final) {
    load->echoed++;
    connection->to_send += load->frame_len;
  }
}

static void count_frames(struct load *load, struct connection *connection, const uint8_t *octets,
                         size_t len) {
  size_t at = 0;
  while (at < len) {
    if (connection->payload_left > 0) {
      uint64_t part = len - at;
      part = connection->payload_left < part ? connection->payload_left : part;
      connection->payload_left -= part;
      at += (size_t)part;
    } else {
      connection->header[connection->header_len++] = octets[at++];
      if (connection->header_len < header_need(connection)) {
        continue;
      }
      connection->is_final = connection->header[0] >> 7;
      connection->payload_left = payload_len(connection);
    }
    if (connection->payload_left == 0) {
      end_frame(load, connection);
    }
  }
}

static void receive_some(struct load *load, struct connection *connection) {
  static uint8_t octets[READ_LEN];
  ssize_t count = read(connection->fd, octets, sizeof octets);
  if (count == 0) {
    errno = ECONNRESET;
  }
  if (count <= 0 && errno != EAGAIN) {
    die("read");
  }
  if (count > 0) {
    count_frames(load, connection, octets, (size_t)count);
  }
}

static void turn(struct load *load) {
  for (size_t i = 0; i < load->n; i++) {
    send_some(load, &load->connections[i]);
    load->polls[i].events = (short)(POLLIN | (load->connections[i].to_send > 0 ? POLLOUT : 0));
  }
  if (poll(load->polls, load->n, 5000) <= 0) {
    errno = ETIMEDOUT;
    die("the server does not echo");
  }
  for (size_t i = 0; i < load->n; i++) {
    if (load->polls[i].revents & (POLLIN | POLLHUP | POLLERR)) {
      receive_some(load, &load->connections[i]);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 6) {
    (void)fprintf(stderr, "usage: echo_load PORT SIZE CONNECTIONS IN_FLIGHT SECONDS\n");
    return 2;
  }
  struct load load = {.n = strtoul(argv[3], NULL, 10)};
  load.n = load.n < CONNECTIONS_MAX ? load.n : CONNECTIONS_MAX;
  make_frames(&load, strtoul(argv[2], NULL, 10));
  for (size_t i = 0; i < load.n; i++) {
    load.connections[i].fd = open_connection((uint16_t)strtoul(argv[1], NULL, 10));
    load.connections[i].to_send = strtoul(argv[4], NULL, 10) * load.frame_len;
    load.polls[i].fd = load.connections[i].fd;
  }
  double seconds = strtod(argv[5], NULL);
  double start = now_s();
  while (now_s() - start < seconds / 5) { /* to get warm */
    turn(&load);
  }
  uint64_t before = load.echoed;
  start = now_s();
  while (now_s() - start < seconds) {
    turn(&load);
  }
  printf("%.1f %llu\n", (double)(load.echoed - before) / (now_s() - start),
         (unsigned long long)load.echoed);
  free(load.frames);
  return 0;
}
