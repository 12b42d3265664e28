#include "reports/pcapng.h"

#include "base/buf.h"
#include "base/hex.h"
#include "reports/text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum {
  LINKTYPE_RAW = 101, /* packets begin with the IP header */
  SEGMENT_MAX = 16384,
  HEADERS_LEN = 40, /* IPv4 and TCP, both without options */
  PACKET_MAX = HEADERS_LEN + SEGMENT_MAX,
  SERVER_PORT = 80,
  CLIENT_PORT = 49152,
  CONNECTIONS_MAX = 16
};

enum tcp_flag { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10 };

/* One direction of a connection is 1, from the target, or 0. */
struct writer {
  FILE *file;
  uint32_t n_clients;                /* connections so far: the client's address */
  uint64_t case_us;                  /* when the case began */
  uint32_t clients[CONNECTIONS_MAX]; /* of this case, by connection; 0: not begun */
  uint32_t next[CONNECTIONS_MAX][2]; /* the next sequence number of each direction */
  const struct wspec_record *record;
  enum wspec_err err;
};

/* ---- Blocks ---- */

static void put_32(uint8_t *out, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) {
    out[i] = (uint8_t)(value >> (8 * i)); /* blocks are little-endian, as their magic says */
  }
}

static void put_block(struct writer *writer, uint32_t type, const struct wspec_buf *body) {
  if (writer->err) {
    return;
  }
  static const uint8_t zeros[4] = {0};
  size_t padding = (4 - body->len % 4) % 4;
  uint8_t head[8], tail[4];
  uint32_t len = (uint32_t)(12 + body->len + padding);
  put_32(head, type);
  put_32(head + 4, len);
  put_32(tail, len);
  fwrite(head, 1, sizeof head, writer->file);
  fwrite(body->data, 1, body->len, writer->file);
  fwrite(zeros, 1, padding, writer->file);
  fwrite(tail, 1, sizeof tail, writer->file);
}

static void append(struct writer *writer, struct wspec_buf *buf, const void *data, size_t len) {
  writer->err = writer->err ? writer->err : wspec_buf_append(buf, data, len);
}

static void append_padding(struct writer *writer, struct wspec_buf *buf) {
  static const uint8_t zeros[4] = {0};
  append(writer, buf, zeros, (4 - buf->len % 4) % 4);
}

/* The option "comment" of any block, and the end of options. */
static void append_comment(struct writer *writer, struct wspec_buf *buf, const char *comment) {
  size_t len = strlen(comment);
  len = len > 4000 ? 4000 : len;
  uint8_t head[4] = {1, 0, (uint8_t)len, (uint8_t)(len >> 8)};
  append(writer, buf, head, sizeof head);
  append(writer, buf, comment, len);
  append_padding(writer, buf);
  append(writer, buf, (uint8_t[4]){0}, 4);
}

static void put_start(struct writer *writer) {
  struct wspec_buf body;
  wspec_buf_init(&body, 64);
  static const uint8_t section[] = {0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  append(writer, &body, section, sizeof section);
  put_block(writer, 0x0a0d0d0a, &body);
  wspec_buf_reset(&body);
  static const uint8_t interface[] = {LINKTYPE_RAW, 0, 0, 0, 0, 0, 0, 0};
  append(writer, &body, interface, sizeof interface);
  put_block(writer, 1, &body);
  wspec_buf_clear(&body);
}

/* ---- Packets ---- */

static uint32_t add_words(uint32_t sum, const uint8_t *octets, size_t len) {
  for (size_t i = 0; i < len; i++) {
    sum += i % 2 == 0 ? (uint32_t)octets[i] << 8 : octets[i];
  }
  return sum;
}

static void put_sum(uint8_t *out, uint32_t sum) {
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  out[0] = (uint8_t)(~sum >> 8);
  out[1] = (uint8_t)~sum;
}

static void put_be(uint8_t *out, uint32_t value, unsigned n_octets) {
  for (unsigned i = 0; i < n_octets; i++) {
    out[i] = (uint8_t)(value >> (8 * (n_octets - 1 - i)));
  }
}

/* RFC 791 section 3.1 and RFC 9293 section 3.1. */
static void make_headers(uint8_t out[HEADERS_LEN], const struct writer *writer, unsigned connection,
                         unsigned direction, unsigned flags, struct wspec_span octets) {
  memset(out, 0, HEADERS_LEN);
  uint32_t client = 0x0a000000U + writer->clients[connection];
  uint32_t server = 0xc0000201U;
  uint8_t *tcp = out + 20;
  out[0] = 0x45;
  put_be(out + 2, (uint32_t)(HEADERS_LEN + octets.len), 2);
  out[8] = 64;
  out[9] = 6;
  put_be(out + 12, direction ? server : client, 4);
  put_be(out + 16, direction ? client : server, 4);
  put_sum(out + 10, add_words(0, out, 20));
  put_be(tcp, direction ? SERVER_PORT : CLIENT_PORT, 2);
  put_be(tcp + 2, direction ? CLIENT_PORT : SERVER_PORT, 2);
  put_be(tcp + 4, writer->next[connection][direction], 4);
  put_be(tcp + 8, flags & TCP_ACK ? writer->next[connection][1 - direction] : 0, 4);
  tcp[12] = 0x50;
  tcp[13] = (uint8_t)flags;
  put_be(tcp + 14, 65535, 2);
  uint32_t sum = add_words(6 + 20 + (uint32_t)octets.len, out + 12, 8);
  sum = add_words(sum, tcp, 20);
  put_sum(tcp + 16, add_words(sum, octets.data, octets.len));
}

static void put_packet(struct writer *writer, unsigned connection, unsigned direction,
                       unsigned flags, struct wspec_span octets, uint64_t at_us,
                       const char *comment) {
  uint8_t headers[HEADERS_LEN], block[20];
  make_headers(headers, writer, connection, direction, flags, octets);
  uint64_t time_us = writer->case_us + at_us;
  put_32(block, 0);
  put_32(block + 4, (uint32_t)(time_us >> 32));
  put_32(block + 8, (uint32_t)time_us);
  put_32(block + 12, (uint32_t)(HEADERS_LEN + octets.len));
  put_32(block + 16, (uint32_t)(HEADERS_LEN + octets.len));
  struct wspec_buf body;
  wspec_buf_init(&body, PACKET_MAX + 8192);
  append(writer, &body, block, sizeof block);
  append(writer, &body, headers, sizeof headers);
  append(writer, &body, octets.data, octets.len);
  append_padding(writer, &body);
  if (comment) {
    append_comment(writer, &body, comment);
  }
  put_block(writer, 6, &body);
  wspec_buf_clear(&body);
  writer->next[connection][direction] +=
      (uint32_t)octets.len + ((flags & (TCP_SYN | TCP_FIN)) != 0);
}

/* ---- Entries ---- */

static uint64_t number_of(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  bool fits = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 0x1p53;
  return fits ? (uint64_t)item->valuedouble : 0;
}

static const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
  return text ? text : "";
}

/* What a finding says of an octet of this piece of what the target sent. */
static const char *finding_in(const struct writer *writer, unsigned connection, uint64_t offset,
                              size_t len) {
  for (size_t i = 0; i < writer->record->n_findings; i++) {
    const struct wspec_record_finding *finding = &writer->record->findings[i];
    if (finding->connection == connection && finding->offset != WSPEC_OFFSET_NONE &&
        finding->offset >= offset && finding->offset - offset < len) {
      return finding->message;
    }
  }
  return NULL;
}

/* One kept piece. What was elided before it stays a gap in the sequence numbers. */
static void put_piece(struct writer *writer, unsigned connection, unsigned direction,
                      const cJSON *piece, uint64_t at_us) {
  struct wspec_buf octets;
  wspec_buf_init(&octets, 1 << 20);
  enum wspec_err err = wspec_hex_decode(wspec_span_text(text_of(piece, "octets")), &octets, NULL);
  writer->err = writer->err ? writer->err : err == WSPEC_ERR_NOMEM ? err : WSPEC_OK;
  uint64_t offset = number_of(piece, "offset");
  writer->next[connection][direction] = 1 + (uint32_t)offset;
  for (size_t at = 0; at < octets.len && !err; at += SEGMENT_MAX) {
    size_t len = octets.len - at < SEGMENT_MAX ? octets.len - at : SEGMENT_MAX;
    put_packet(writer, connection, direction, TCP_PSH | TCP_ACK,
               wspec_span_of(octets.data + at, len), at_us,
               direction ? finding_in(writer, connection, offset + at, len) : NULL);
  }
  wspec_buf_clear(&octets);
}

static void put_octets(struct writer *writer, unsigned connection, unsigned direction,
                       const cJSON *entry, uint64_t at_us) {
  put_piece(writer, connection, direction, entry, at_us);
  const cJSON *more = cJSON_GetObjectItemCaseSensitive(entry, "more");
  for (const cJSON *piece = more ? more->child : NULL; piece; piece = piece->next) {
    put_piece(writer, connection, direction, piece, at_us);
  }
}

static void put_control(struct writer *writer, unsigned connection, unsigned direction,
                        unsigned flags, uint64_t at_us, const char *comment) {
  put_packet(writer, connection, direction, flags, (struct wspec_span){NULL, 0}, at_us, comment);
}

static void begin_connection(struct writer *writer, unsigned connection, uint64_t at_us) {
  writer->clients[connection] = ++writer->n_clients;
  writer->next[connection][0] = 0;
  writer->next[connection][1] = 0;
  put_control(writer, connection, 0, TCP_SYN, at_us, writer->record->id);
}

static void put_entry(struct writer *writer, const cJSON *entry) {
  const char *kind = text_of(entry, "kind");
  uint64_t at_us = number_of(entry, "at_us");
  uint64_t connection_number = number_of(entry, "connection");
  if (connection_number >= CONNECTIONS_MAX) {
    return;
  }
  unsigned connection = (unsigned)connection_number;
  if (strcmp(kind, "connect") == 0) {
    begin_connection(writer, connection, at_us);
  } else if (writer->clients[connection] == 0) {
    return;
  } else if (strcmp(kind, "connected") == 0) {
    put_control(writer, connection, 1, TCP_SYN | TCP_ACK, at_us, NULL);
    put_control(writer, connection, 0, TCP_ACK, at_us, NULL);
  } else if (strcmp(kind, "refused") == 0) {
    put_control(writer, connection, 1, TCP_RST | TCP_ACK, at_us, NULL);
  } else if (strcmp(kind, "sent") == 0 || strcmp(kind, "received") == 0) {
    put_octets(writer, connection, kind[0] == 'r', entry, at_us);
  } else if (strncmp(kind, "fin-", 4) == 0) {
    put_control(writer, connection, kind[4] == 'r', TCP_FIN | TCP_ACK, at_us, NULL);
  } else if (strncmp(kind, "reset-", 6) == 0) {
    put_control(writer, connection, kind[6] == 'r', TCP_RST | TCP_ACK, at_us, NULL);
  }
}

static void put_record(struct writer *writer, const struct wspec_record *record) {
  cJSON *value;
  writer->err = wspec_record_parse(record, &value);
  if (writer->err) {
    return;
  }
  writer->record = record;
  memset(writer->clients, 0, sizeof writer->clients);
  const cJSON *transcript = cJSON_GetObjectItemCaseSensitive(value, "transcript");
  const cJSON *entry = transcript ? transcript->child : NULL;
  for (; entry && !writer->err; entry = entry->next) {
    put_entry(writer, entry);
  }
  cJSON_Delete(value);
}

/* ---- Time ---- */

/* "2026-11-22T21:00:00Z" in seconds since 1970; 0 if it is no such text. The days are counted as if
 * a year began in March, so that the leap day is its last. */
static uint64_t to_seconds(const char *text) {
  int year, month, day, hour, minute, second;
  if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute, &second) != 6 ||
      year < 1970 || month < 1 || month > 12) {
    return 0;
  }
  int64_t y = month > 2 ? year : year - 1;
  int64_t m = month > 2 ? month - 3 : month + 9;
  int64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
  int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second;
  return seconds > 0 ? (uint64_t)seconds : 0;
}

enum wspec_err wspec_pcapng_write(FILE *file, const struct wspec_report *reports,
                                  size_t n_reports) {
  struct writer writer = {.file = file};
  put_start(&writer);
  for (size_t i = 0; i < n_reports; i++) {
    writer.case_us = to_seconds(reports[i].started) * 1000000;
    for (size_t k = 0; k < reports[i].n_records && !writer.err; k++) {
      const struct wspec_record *record = &reports[i].records[k];
      if (record->has_transcript) {
        put_record(&writer, record);
        writer.case_us += (uint64_t)(record->duration_ms > 0 ? record->duration_ms * 1000 : 0);
      }
    }
  }
  return writer.err ? writer.err : wspec_file_result(file);
}
