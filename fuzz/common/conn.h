/* conn: a whole connection, handshake and frames, as the harnesses of both roles run it. */
#ifndef WSPEC_FUZZ_CONN_H
#define WSPEC_FUZZ_CONN_H

#include "common/fuzz.h"
#include "common/sink.h"
#include "proto/conn.h"

/* What a run of wspec_conn came to. Zeroed before the first use; reused after that. */
struct fuzz_conn_run {
  struct fuzz_sink seen;
  struct fuzz_log output;            /* what it has sent */
  enum wspec_err err;                /* the first one that ended receiving; WSPEC_OK if none did */
  struct wspec_violation violation;  /* zeroed if there is none */
  struct wspec_conn_outcome outcome; /* its `reason` is not kept */
};

/* fuzz_conn_feed feeds `input` to a new connection in the portions of `plan`, and ends the process
 * where a call breaks the contract of proto/conn.h: more consumed than there was, an error that is
 * not documented or does not stick, an event after an error. */
void fuzz_conn_feed(const struct wspec_conn_options *options, struct fuzz_input input,
                    struct fuzz_plan plan, struct fuzz_conn_run *run);

/* fuzz_conn_check_same ends the process if two runs differ in anything that their user can see. */
void fuzz_conn_check_same(const struct fuzz_conn_run *a, const struct fuzz_conn_run *b);

/* fuzz_conn_check_output ends the process if what it has sent, as a client or a server, is not taken
 * by the plain receiver of the other role without a complaint. */
void fuzz_conn_check_output(bool is_client, const struct fuzz_conn_run *run);

/* fuzz_conn_run_clear frees it. */
void fuzz_conn_run_clear(struct fuzz_conn_run *run);

/* fuzz_conn_check is the whole of the harnesses conn_server and conn_client. */
void fuzz_conn_check(bool is_client, struct fuzz_input input);

#endif
