#include "failalloc.h"
#include "net_fixture.h"

#include "net/certificate.h"
#include "net/tls.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The certificates of all tests: made once, and as files in a directory of their own. */
struct authority {
  char directory[64];
  char ca_path[PATH_MAX];
  char path[PATH_MAX]; /* good for localhost, 127.0.0.1 and ::1 */
  char key_path[PATH_MAX];
  struct wspec_certificate *ca, *other_ca, *good, *expired, *early, *elsewhere, *self_signed;
};

static struct authority g_authority;

static struct wspec_certificate *make(struct wspec_certificate_options options) {
  struct wspec_certificate *certificate;
  struct wspec_net_error error;
  if (wspec_certificate_new(&options, &certificate, &error)) {
    fprintf(stderr, "%s\n", error.sentence);
    abort();
  }
  return certificate;
}

static int make_authority(void **state) {
  (void)state;
  static const char *const ELSEWHERE[] = {"example.org", "10.0.0.1"};
  struct authority *a = &g_authority;
  a->ca = make((struct wspec_certificate_options){.common_name = "CA", .is_authority = true});
  a->other_ca = make((struct wspec_certificate_options){.common_name = "B", .is_authority = true});
  a->good = make((struct wspec_certificate_options){.issuer = a->ca});
  a->expired =
      make((struct wspec_certificate_options){.issuer = a->ca, .starts_s = -7200, .ends_s = -3600});
  a->early = make((struct wspec_certificate_options){.issuer = a->ca, .starts_s = 3600});
  a->elsewhere = make(
      (struct wspec_certificate_options){.issuer = a->ca, .names = ELSEWHERE, .names_count = 2});
  a->self_signed = make((struct wspec_certificate_options){0});
  strcpy(a->directory, "/tmp/wspec-test-tls-XXXXXX");
  if (!mkdtemp(a->directory)) {
    return -1;
  }
  snprintf(a->ca_path, sizeof a->ca_path, "%s/ca.pem", a->directory);
  snprintf(a->path, sizeof a->path, "%s/good.pem", a->directory);
  snprintf(a->key_path, sizeof a->key_path, "%s/good.key", a->directory);
  return wspec_certificate_save(a->ca, a->ca_path, NULL, NULL) ||
         wspec_certificate_save(a->good, a->path, a->key_path, NULL);
}

static int free_authority(void **state) {
  (void)state;
  struct authority *a = &g_authority;
  struct wspec_certificate *all[] = {a->ca,    a->other_ca,  a->good,       a->expired,
                                     a->early, a->elsewhere, a->self_signed};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    wspec_certificate_free(all[i]);
  }
  unlink(a->ca_path);
  unlink(a->path);
  unlink(a->key_path);
  return rmdir(a->directory);
}

struct secure_pair {
  struct pair pair;
  struct wspec_tls *client, *server;
};

static void secure_init(struct secure_pair *secure, struct wspec_tls_options client,
                        struct wspec_tls_options server) {
  struct wspec_net_error error;
  pair_init(&secure->pair);
  assert_int_equal(wspec_tls_new_client(&client, &secure->client, &error), WSPEC_OK);
  assert_int_equal(wspec_tls_new_server(&server, &secure->server, &error), WSPEC_OK);
}

static void secure_clear(struct secure_pair *secure) {
  wspec_listener_free(secure->pair.listener);
  secure->pair.listener = NULL;
  wspec_loop_free(secure->pair.loop);
  wspec_tls_free(secure->client);
  wspec_tls_free(secure->server);
  wspec_buf_clear(&secure->pair.client.data);
  wspec_buf_clear(&secure->pair.server.data);
  assert_null(secure->pair.client.stream);
  assert_null(secure->pair.server.stream);
  assert_int_equal(count_descriptors(), secure->pair.descriptors);
}

static void secure_run(struct secure_pair *secure, const char *host) {
  assert_true(pair_listen(&secure->pair, (struct wspec_listen_options){.tls = secure->server}));
  struct wspec_addresses addresses = {.count = 1};
  addresses.items[0] = *wspec_listener_address(secure->pair.listener);
  pair_connect(&secure->pair, (struct wspec_connect_options){
                                  .host = host, .addresses = &addresses, .tls = secure->client});
  wspec_loop_run(secure->pair.loop);
}

static void greet(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    assert_true(wspec_stream_is_tls(end->stream));
    assert_string_equal(wspec_stream_tls_version(end->stream), "TLSv1.3");
    end_send(end, "hello");
    wspec_stream_finish(end->stream);
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

static void check_good(const char *host) {
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.ca_file = g_authority.ca_path},
              (struct wspec_tls_options){.certificate_file = g_authority.path,
                                         .key_file = g_authority.key_path});
  secure.pair.client.react = greet;
  secure.pair.server.react = answer_after_eof;
  secure_run(&secure, host);
  assert_string_equal(secure.pair.client.error.sentence, "");
  assert_end_got(&secure.pair.server, "hello");
  assert_end_got(&secure.pair.client, "goodbye");
  assert_string_equal(secure.pair.client.log, "odec");
  assert_string_equal(secure.pair.server.log, "odec");
  secure_clear(&secure);
}

static void test_good_certificate_and_half_close(void **state) {
  (void)state;
  check_good("localhost");
  check_good("127.0.0.1");
  check_good("::1");
  check_good("[::1]");
}

/* The client must refuse, and the server must learn why by an alert. */
static void check_refused(const struct wspec_certificate *certificate, const char *host,
                          const char *expected, const char *expected_alert) {
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.ca_file = g_authority.ca_path},
              (struct wspec_tls_options){.certificate = certificate});
  secure.pair.client.react = greet;
  secure_run(&secure, host);
  assert_string_equal(secure.pair.client.log, "!c");
  assert_int_equal(secure.pair.client.error.err, WSPEC_ERR_TLS);
  assert_false(secure.pair.client.error.reset);
  assert_non_null(strstr(secure.pair.client.error.sentence, expected));
  assert_non_null(strstr(secure.pair.server.error.sentence, expected_alert));
  assert_string_equal(secure.pair.server.log, "!c");
  secure_clear(&secure);
}

static void test_bad_certificates_are_refused(void **state) {
  (void)state;
  const struct authority *a = &g_authority;
  check_refused(a->expired, "localhost", "certificate has expired on ", "certificate expired");
  check_refused(a->early, "localhost", "certificate is not yet valid", "bad certificate");
  check_refused(a->elsewhere, "localhost",
                "hostname mismatch: the certificate is for example.org, 10.0.0.1, not for "
                "localhost",
                "bad certificate");
  check_refused(a->elsewhere, "127.0.0.1",
                "hostname mismatch: the certificate is for example.org, 10.0.0.1, not for "
                "127.0.0.1",
                "bad certificate");
  check_refused(a->self_signed, "localhost", "self-signed certificate", "unknown CA");
}

static void test_unknown_authority_is_refused(void **state) {
  (void)state;
  struct wspec_certificate *foreign =
      make((struct wspec_certificate_options){.issuer = g_authority.other_ca});
  check_refused(foreign, "localhost", "unable to get local issuer certificate", "unknown CA");
  wspec_certificate_free(foreign);
}

static void test_the_system_store_does_not_know_us(void **state) {
  (void)state;
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){0},
              (struct wspec_tls_options){.certificate = g_authority.good});
  secure_run(&secure, "localhost");
  assert_string_equal(secure.pair.client.log, "!c");
  assert_non_null(strstr(secure.pair.client.error.sentence, "the peer's certificate is refused"));
  secure_clear(&secure);
}

static void test_insecure_takes_any_certificate(void **state) {
  (void)state;
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.expired});
  secure.pair.client.react = greet;
  secure.pair.server.react = answer_after_eof;
  secure_run(&secure, "elsewhere.example");
  assert_end_got(&secure.pair.client, "goodbye");
  secure_clear(&secure);
}

static void test_client_certificate(void **state) {
  (void)state;
  const struct authority *a = &g_authority;
  const struct wspec_tls_options server = {.certificate = a->good, .ca_file = a->ca_path};
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.ca_file = a->ca_path, .certificate = a->good},
              server);
  secure.pair.client.react = greet;
  secure.pair.server.react = answer_after_eof;
  secure_run(&secure, "localhost");
  assert_end_got(&secure.pair.client, "goodbye");
  secure_clear(&secure);

  secure_init(&secure, (struct wspec_tls_options){.ca_file = a->ca_path}, server);
  secure.pair.client.react = close_on_eof;
  secure_run(&secure, "localhost");
  assert_string_equal(secure.pair.server.log, "!c");
  assert_non_null(strstr(secure.pair.server.error.sentence, "peer did not return a certificate"));
  /* In TLS 1.3 the client is open before the server has judged it. */
  assert_string_equal(secure.pair.client.log, "o!c");
  assert_non_null(strstr(secure.pair.client.error.sentence, "'unknown'"));
  secure_clear(&secure);
}

static void stop_when_both_are_open(struct end *end, enum event event) {
  if (event == EVENT_OPEN && end->pair->client.opened && end->pair->server.opened) {
    wspec_loop_stop(end->pair->loop);
  }
}

static void test_alpn_is_settled(void **state) {
  (void)state;
  static const char *const OFFERED[] = {"http/1.1", "h2"}, *const SERVED[] = {"h2", "http/1.1"},
                           *const OTHER[] = {"h3"};
  for (int has_overlap = 0; has_overlap < 2; has_overlap++) {
    struct secure_pair secure;
    secure_init(&secure,
                (struct wspec_tls_options){.is_insecure = true,
                                           .alpn = has_overlap ? OFFERED : OTHER,
                                           .alpn_count = has_overlap ? 2 : 1},
                (struct wspec_tls_options){
                    .certificate = g_authority.good, .alpn = SERVED, .alpn_count = 2});
    char client[16] = "?", server[16] = "?";
    secure.pair.client.react = secure.pair.server.react = stop_when_both_are_open;
    secure_run(&secure, "localhost");
    wspec_stream_alpn(secure.pair.client.stream, client, sizeof client);
    wspec_stream_alpn(secure.pair.server.stream, server, sizeof server);
    assert_string_equal(client, has_overlap ? "h2" : "");
    assert_string_equal(server, has_overlap ? "h2" : "");
    wspec_stream_reset(secure.pair.client.stream);
    wspec_stream_reset(secure.pair.server.stream);
    secure_clear(&secure);
  }
}

static void test_key_log_has_the_secrets_and_is_private(void **state) {
  (void)state;
  char path[PATH_MAX], line[512] = "";
  snprintf(path, sizeof path, "%s/keys", g_authority.directory);
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true, .key_log_file = path},
              (struct wspec_tls_options){.certificate = g_authority.good});
  secure.pair.client.react = greet;
  secure.pair.server.react = answer_after_eof;
  secure_run(&secure, "localhost");
  secure_clear(&secure);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
  FILE *file = fopen(path, "r");
  bool found = false;
  while (fgets(line, sizeof line, file)) {
    found = found || strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24) == 0;
  }
  fclose(file);
  unlink(path);
  assert_true(found);
}

static void speak_http(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    end_send(end, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

static void test_plain_server_on_a_tls_port(void **state) {
  (void)state;
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.good});
  wspec_tls_free(secure.server);
  secure.server = NULL;
  secure.pair.server.react = speak_http;
  secure_run(&secure, "localhost");
  assert_string_equal(secure.pair.client.log, "!c");
  assert_string_equal(secure.pair.client.error.sentence,
                      "the peer does not speak TLS: what it sent is no TLS record");
  secure_clear(&secure);
}

static void test_plain_client_on_a_tls_port(void **state) {
  (void)state;
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.good});
  wspec_tls_free(secure.client);
  secure.client = NULL;
  secure.pair.client.react = speak_http;
  secure_run(&secure, "localhost");
  assert_string_equal(secure.pair.server.log, "!c");
  assert_string_equal(secure.pair.server.error.sentence,
                      "the peer does not speak TLS: what it sent is no TLS record");
  secure_clear(&secure);
}

static void leave(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    wspec_stream_close(end->stream);
  }
}

static void leave_by_reset(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    wspec_stream_reset(end->stream);
  }
}

static void check_broken_handshake(void (*how)(struct end *end, enum event event), bool is_reset) {
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.good});
  wspec_tls_free(secure.server);
  secure.server = NULL;
  secure.pair.server.react = how;
  secure_run(&secure, "localhost");
  assert_string_equal(secure.pair.client.log, "!c");
  assert_int_equal(secure.pair.client.error.err, WSPEC_ERR_TLS);
  assert_int_equal(secure.pair.client.error.reset, is_reset);
  assert_non_null(strstr(secure.pair.client.error.sentence, "during the TLS handshake"));
  secure_clear(&secure);
}

static void test_connection_lost_during_the_handshake(void **state) {
  (void)state;
  check_broken_handshake(leave, false);
  check_broken_handshake(leave_by_reset, true);
}

static void reset_on_error(struct end *end, enum event event) {
  if (event == EVENT_ERROR) {
    wspec_stream_reset(end->pair->server.stream);
  }
}

static void test_silent_server_runs_into_the_timeout(void **state) {
  (void)state;
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.good});
  secure.pair.client.react = reset_on_error;
  assert_true(pair_listen(&secure.pair, (struct wspec_listen_options){0}));
  pair_connect(&secure.pair, (struct wspec_connect_options){
                                 .host = "127.0.0.1", .tls = secure.client, .timeout_ms = 30});
  wspec_loop_run(secure.pair.loop);
  assert_string_equal(secure.pair.client.log, "!c");
  assert_int_equal(secure.pair.client.error.err, WSPEC_ERR_TIMEOUT);
  assert_string_equal(secure.pair.client.error.sentence, "no TLS handshake within 30 ms");
  secure_clear(&secure);
}

enum { BULK = 3 * 1000 * 1000 };

static uint8_t bulk[BULK];

static void send_bulk(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    for (size_t i = 0; i < sizeof bulk; i++) {
      bulk[i] = (uint8_t)(i % 251);
    }
    assert_int_equal(wspec_stream_write(end->stream, wspec_span_of(bulk, sizeof bulk)), WSPEC_OK);
    wspec_stream_finish(end->stream);
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

static unsigned g_pauses;

/* Pauses at every piece; what is decrypted already must wait, and must come on resume. */
static void sip(struct end *end, enum event event) {
  if (event == EVENT_DATA) {
    g_pauses++;
    wspec_stream_pause(end->stream);
    wspec_stream_resume(end->stream);
    wspec_stream_pause(end->stream);
    wspec_stream_resume(end->stream);
  }
  close_on_eof(end, event);
}

static void test_bulk_with_pauses(void **state) {
  (void)state;
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.good});
  secure.pair.client.react = send_bulk;
  secure.pair.server.react = sip;
  g_pauses = 0;
  secure_run(&secure, "localhost");
  assert_int_equal(secure.pair.server.data.len, BULK);
  assert_memory_equal(secure.pair.server.data.data, bulk, BULK);
  assert_true(g_pauses > 3);
  assert_string_equal(secure.pair.server.log, "odec");
  secure_clear(&secure);
}

/* Two records in one read: at the first the server pauses, and the second waits in the filter
 * until the client, told by an octet, makes it resume. */
static void pause_at_the_first_record(struct end *end, enum event event) {
  if (event == EVENT_DATA && end->data.len == BULK) {
    wspec_stream_pause(end->stream);
    end_send(end, "!");
  } else {
    close_on_eof(end, event);
  }
}

static void send_two_records_then_resume_the_server(struct end *end, enum event event) {
  struct end *server = &end->pair->server;
  if (event == EVENT_OPEN) {
    assert_int_equal(wspec_stream_write(end->stream, wspec_span_of(bulk, BULK)), WSPEC_OK);
    end_send(end, "rest");
    wspec_stream_finish(end->stream);
  } else if (event == EVENT_DATA) {
    assert_int_equal(server->data.len, BULK);
    wspec_stream_resume(server->stream);
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

static void test_paused_data_waits_in_the_filter(void **state) {
  (void)state;
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.good});
  secure.pair.client.react = send_two_records_then_resume_the_server;
  secure.pair.server.react = pause_at_the_first_record;
  secure_run(&secure, "localhost");
  assert_string_equal(secure.pair.server.log, "odec");
  assert_int_equal(secure.pair.server.data.len, BULK + 4);
  assert_memory_equal(secure.pair.server.data.data + BULK, "rest", 4);
  secure_clear(&secure);
}

static void test_unusable_files_are_named(void **state) {
  (void)state;
  struct wspec_tls *tls;
  struct wspec_net_error error;
  const struct {
    struct wspec_tls_options options;
    const char *sentence;
  } wrong[] = {
      {{.ca_file = "/nonexistent/ca"},
       "cannot use '/nonexistent/ca' as certificate authority: No such file or directory"},
      {{.certificate_file = "/dev/null"}, "cannot use '/dev/null' as certificate: no start line"},
      {{.certificate_file = g_authority.path, .key_file = g_authority.ca_path}, "as private key: "},
      {{.key_log_file = "/nonexistent/keys"},
       "cannot write the key log '/nonexistent/keys': No such file or directory"},
      {{.alpn = (const char *const[]){""}, .alpn_count = 1}, "'' cannot be an ALPN protocol"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(wspec_tls_new_client(&wrong[i].options, &tls, &error), WSPEC_ERR_INPUT);
    assert_null(tls);
    assert_non_null(strstr(error.sentence, wrong[i].sentence));
  }
  struct wspec_tls_options none = {0};
  assert_int_equal(wspec_tls_new_server(&none, &tls, &error), WSPEC_ERR_INPUT);
  assert_string_equal(error.sentence, "a TLS server needs a certificate and its key");
}

static void test_fingerprint_is_that_of_the_certificate(void **state) {
  (void)state;
  char good[WSPEC_FINGERPRINT_MAX], again[WSPEC_FINGERPRINT_MAX], other[WSPEC_FINGERPRINT_MAX];
  wspec_certificate_fingerprint(g_authority.good, good);
  assert_int_equal(strlen(good), 32 * 3 - 1);
  assert_string_equal(good, wspec_certificate_fingerprint(g_authority.good, again));
  assert_string_not_equal(good, wspec_certificate_fingerprint(g_authority.ca, other));
  struct wspec_net_error error;
  assert_int_equal(wspec_certificate_save(g_authority.good, "/nonexistent/x", NULL, &error),
                   WSPEC_ERR_INPUT);
  assert_string_equal(error.sentence, "cannot write '/nonexistent/x'");
}

static void exchange_and_stop_listening(struct end *end, enum event event) {
  if (event == EVENT_OPEN &&
      wspec_stream_write(end->stream, wspec_span_of(bulk, 200 * 1000)) == WSPEC_OK) {
    wspec_stream_finish(end->stream);
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  } else if (event == EVENT_CLOSED && end->pair->listener) {
    wspec_listener_free(end->pair->listener);
    end->pair->listener = NULL;
  }
}

/* However little memory there is, both ends come to their end and nothing leaks. */
static bool exchange_with_failure(unsigned n) {
  struct secure_pair secure;
  secure_init(&secure, (struct wspec_tls_options){.is_insecure = true},
              (struct wspec_tls_options){.certificate = g_authority.good});
  struct pair *pair = &secure.pair;
  pair->client.react = pair->server.react = exchange_and_stop_listening;
  assert_true(pair_listen(pair, (struct wspec_listen_options){.tls = secure.server}));
  bool failed = pair_connect_without_memory(pair, n, secure.client, 200 * 1000);
  secure_clear(&secure);
  return failed;
}

static void test_every_allocation_failure_ends_well(void **state) {
  (void)state;
  unsigned n = 1;
  while (exchange_with_failure(n)) {
    n++;
  }
  assert_true(n > 4);
}

int main(void) {
  alarm(60); /* a test that hangs is a test that fails */
  warm_up();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_certificate_and_half_close),
      cmocka_unit_test(test_bad_certificates_are_refused),
      cmocka_unit_test(test_unknown_authority_is_refused),
      cmocka_unit_test(test_the_system_store_does_not_know_us),
      cmocka_unit_test(test_insecure_takes_any_certificate),
      cmocka_unit_test(test_client_certificate),
      cmocka_unit_test(test_alpn_is_settled),
      cmocka_unit_test(test_key_log_has_the_secrets_and_is_private),
      cmocka_unit_test(test_plain_server_on_a_tls_port),
      cmocka_unit_test(test_plain_client_on_a_tls_port),
      cmocka_unit_test(test_connection_lost_during_the_handshake),
      cmocka_unit_test(test_silent_server_runs_into_the_timeout),
      cmocka_unit_test(test_bulk_with_pauses),
      cmocka_unit_test(test_paused_data_waits_in_the_filter),
      cmocka_unit_test(test_unusable_files_are_named),
      cmocka_unit_test(test_fingerprint_is_that_of_the_certificate),
      cmocka_unit_test(test_every_allocation_failure_ends_well),
  };
  return cmocka_run_group_tests(tests, make_authority, free_authority);
}
