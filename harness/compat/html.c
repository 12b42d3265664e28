#include "compat/html.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED_MAX = 1000 }; /* octets shown of the events */

static const char STYLE[] =
    "body { background: #f4f4f4; color: #333; font-family: sans-serif; margin: 2em; }\n"
    "table { border-collapse: collapse; }\n"
    "td { border: 1px solid #fff; padding: 4px 12px; color: #333; }\n"
    "td a { color: inherit; }\n"
    "td.case_ok, p.case_ok { background: #0a0; color: #fff; }\n"
    "td.case_almost { background: #6d6; }\n"
    "td.case_non_strict, td.case_no_close { background: #990; color: #fff; }\n"
    "td.case_info { background: #4095bf; color: #fff; }\n"
    "td.case_missing { background: #888; color: #fff; }\n"
    "td.case_unimplemented { background: #800080; color: #fff; }\n"
    "tr.case_category_row td { background: #000; color: #fff; }\n"
    "tr.case_subcategory_row td { background: #333; color: #fff; }\n"
    "td.case { background: #666; color: #fff; }\n"
    "pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }\n"
    "pre.http_dump { background: #fff; padding: 1em; margin-bottom: 1em; }\n"
    ".case_text_block { border: 1px solid #aaa; border-radius: 8px; padding: 1em; }\n"
    ".wirelog_rx_octets, .wirelog_rx_frame { color: #c20; }\n"
    ".wirelog_tx_octets, .wirelog_tx_frame { color: #06a; }\n";

static void write_text(FILE *file, const char *text) {
  for (; *text; text++) {
    switch (*text) {
    case '<':
      (void)fputs("&lt;", file);
      break;
    case '>':
      (void)fputs("&gt;", file);
      break;
    case '&':
      (void)fputs("&amp;", file);
      break;
    case '"':
      (void)fputs("&quot;", file);
      break;
    default:
      (void)fputc(*text, file);
    }
  }
}

static const char *text_of(const cJSON *outcome, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(outcome, name));
  return text ? text : "";
}

static double number_of(const cJSON *outcome, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(outcome, name);
  return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void begin_page(FILE *file, const char *failed_rule) {
  (void)fprintf(file,
                "<!DOCTYPE html>\n<html>\n   <head>\n      <meta charset=\"utf-8\" />\n"
                "      <style>\n%s%s      </style>\n   </head>\n   <body>\n"
                "      <a name=\"top\"></a>\n",
                STYLE, failed_rule);
}

static void end_page(FILE *file) {
  (void)fputs("   </body>\n</html>\n", file);
}

/* ---- The index ---- */

struct look {
  const char *word, *class_name, *text;
};

static const struct look BEHAVIORS[] = {
    {"OK", "case_ok", "Pass"},
    {"NON-STRICT", "case_non_strict", "Non-Strict"},
    {"INFORMATIONAL", "case_info", "Info"},
    {NULL, "case_failed", "Fail"},
};

/* A text of NULL is the close code. */
static const struct look CLOSES[] = {
    {"OK", "case_ok", NULL},
    {"FAILED BY CLIENT", "case_almost", NULL},
    {"WRONG CODE", "case_non_strict", NULL},
    {"INFORMATIONAL", "case_info", NULL},
    {"UNCLEAN", "case_failed", "Unclean"},
    {NULL, "case_failed", "Fail"},
};

static const struct look *look_of(const struct look *looks, const char *word) {
  while (looks->word && strcmp(looks->word, word) != 0) {
    looks++;
  }
  return looks;
}

static const char LEGEND[] =
    "      <table id=\"case_outcome_desc\">\n"
    "         <tr><td class=\"case_ok\">Pass</td><td class=\"outcome_desc\">The case was run and "
    "passed.</td></tr>\n"
    "         <tr><td class=\"case_non_strict\">Non-Strict</td><td class=\"outcome_desc\">The "
    "behavior conforms, but a better one is possible.</td></tr>\n"
    "         <tr><td class=\"case_failed\">Fail</td><td class=\"outcome_desc\">The behavior is "
    "not "
    "what the specification demands.</td></tr>\n"
    "         <tr><td class=\"case_info\">Info</td><td class=\"outcome_desc\">The specification "
    "leaves the behavior open.</td></tr>\n"
    "         <tr><td class=\"case_missing\">Missing</td><td class=\"outcome_desc\">The case was "
    "not "
    "run.</td></tr>\n"
    "      </table>\n";

static void write_cells(FILE *file, const char *agent, const char *number, const cJSON *outcome) {
  if (!outcome) {
    (void)fputs("            <td class=\"case_missing close_flex\" colspan=\"2\">Missing</td>\n",
                file);
    return;
  }
  const char *behavior = text_of(outcome, "behavior");
  if (strcmp(behavior, "UNIMPLEMENTED") == 0) {
    (void)fputs("            <td class=\"case_unimplemented close_flex\" colspan=\"2\">"
                "Unimplemented</td>\n",
                file);
    return;
  }
  const struct look *look = look_of(BEHAVIORS, behavior);
  const struct look *close = look_of(CLOSES, text_of(outcome, "behaviorClose"));
  char *page = wspec_store_file_name(agent, number, "html");
  (void)fprintf(file, "            <td class=\"%s\"><a href=\"%s\">%s</a>", look->class_name,
                page ? page : "", look->text);
  free(page);
  if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(outcome, "reportTime"))) {
    (void)fprintf(file, "<br/><span class=\"case_duration\">%.0f ms</span>",
                  number_of(outcome, "duration"));
  }
  (void)fprintf(file, "</td><td class=\"close close_hide %s\"><span class=\"close_code\">",
                close->class_name);
  const cJSON *code = cJSON_GetObjectItemCaseSensitive(outcome, "remoteCloseCode");
  if (close->text) {
    (void)fputs(close->text, file);
  } else if (cJSON_IsNumber(code)) {
    (void)fprintf(file, "%d", code->valueint);
  } else {
    (void)fputs("None", file);
  }
  (void)fputs("</span></td>\n", file);
}

/* The start of a number that has a name of its own: "12.1" of "12.1.3". */
static void put_start(char out[WSPEC_NUMBER_SIZE], const char *number, int n_parts) {
  (void)strcpy(out, number);
  char *dot = strchr(out, '.');
  if (dot && n_parts == 2) {
    char *second = strchr(dot + 1, '.');
    dot = second ? second : dot + strlen(dot);
  }
  if (dot) {
    *dot = '\0';
  }
}

static void write_category(FILE *file, const struct wspec_store *store, size_t index) {
  char number[WSPEC_NUMBER_SIZE], start[WSPEC_NUMBER_SIZE];
  wspec_number_text(index, number);
  put_start(start, number, 1);
  (void)fprintf(file,
                "         <tr class=\"case_category_row\">\n"
                "            <td class=\"case_category\">%s %s</td>\n",
                start, wspec_number_category(index));
  const cJSON *agent;
  cJSON_ArrayForEach(agent, store->agents) {
    (void)fputs("            <td class=\"agent close_flex\" colspan=\"2\">", file);
    write_text(file, agent->string);
    (void)fputs("</td>\n", file);
  }
  (void)fputs("         </tr>\n", file);
  if (wspec_number_subcategory(index)[0] != '\0') {
    put_start(start, number, 2);
    (void)fprintf(file,
                  "         <tr class=\"case_subcategory_row\">\n"
                  "            <td class=\"case_subcategory\" colspan=\"%d\">%s %s</td>\n"
                  "         </tr>\n",
                  2 * cJSON_GetArraySize(store->agents) + 1, start,
                  wspec_number_subcategory(index));
  }
}

/* "12_1_3", for names of anchors. */
static void put_anchor(char out[WSPEC_NUMBER_SIZE], const char *number) {
  (void)strcpy(out, number);
  for (char *dot = out; (dot = strchr(dot, '.')) != NULL;) {
    *dot = '_';
  }
}

static void write_rows(FILE *file, const struct wspec_store *store) {
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    char number[WSPEC_NUMBER_SIZE], anchor[WSPEC_NUMBER_SIZE];
    wspec_number_text(i, number);
    put_anchor(anchor, number);
    if (i == 0 || wspec_number_category(i) != wspec_number_category(i - 1) ||
        wspec_number_subcategory(i) != wspec_number_subcategory(i - 1)) {
      write_category(file, store, i);
    }
    (void)fprintf(file,
                  "         <tr class=\"agent_case_result_row\">\n"
                  "            <td class=\"case\"><a href=\"#case_desc_%s\">Case %s</a></td>\n",
                  anchor, number);
    const cJSON *agent;
    cJSON_ArrayForEach(agent, store->agents) {
      write_cells(file, agent->string, number, wspec_store_find(store, agent->string, number));
    }
    (void)fputs("         </tr>\n", file);
  }
}

static void write_descriptions(FILE *file, const struct wspec_store *store) {
  (void)fputs("      <div id=\"test_case_descriptions\">\n", file);
  for (size_t i = 0; store->texts && i < WSPEC_N_NUMBERS; i++) {
    char number[WSPEC_NUMBER_SIZE], anchor[WSPEC_NUMBER_SIZE];
    wspec_number_text(i, number);
    put_anchor(anchor, number);
    (void)fprintf(file,
                  "      <a name=\"case_desc_%s\"></a>\n      <h2>Case %s</h2>\n"
                  "      <a class=\"up\" href=\"#top\">Up</a>\n"
                  "      <p class=\"case_text_block case_desc\"><b>Case Description</b><br/>",
                  anchor, number);
    write_text(file, store->texts[i].description ? store->texts[i].description : "");
    (void)fputs("</p>\n", file);
  }
  (void)fputs("      </div>\n", file);
}

void wspec_html_index(FILE *file, const struct wspec_store *store) {
  begin_page(file, "td.case_failed { background: #900; color: #fff; }\n");
  (void)fprintf(file,
                "      <div id=\"master_report_header\" class=\"block\">\n"
                "      <p id=\"intro\">Summary report by %s, in the form of Autobahn|Testsuite.</p>"
                "\n%s      </div>\n      <table id=\"agent_case_results\">\n",
                store->tool ? store->tool : "wspec", LEGEND);
  write_rows(file, store);
  (void)fputs("      </table>\n", file);
  write_descriptions(file, store);
  end_page(file);
}

/* ---- A case ---- */

static void write_listed(FILE *file, const cJSON *value) {
  char *text = cJSON_PrintUnformatted(value);
  if (!text) {
    return;
  }
  size_t len = strlen(text);
  if (len > LISTED_MAX) {
    len = LISTED_MAX;
    while ((text[len] & 0xc0) == 0x80) {
      len--; /* whole characters */
    }
    text[len] = '\0';
  }
  write_text(file, text);
  free(text);
}

static void write_block(FILE *file, const char *class_name, const char *title, const char *text) {
  (void)fprintf(file, "      <p class=\"case_text_block %s\"><b>%s</b><br/><br/>", class_name,
                title);
  write_text(file, text);
  (void)fputs("</p>\n", file);
}

static void write_summary(FILE *file, const cJSON *outcome) {
  const struct look *look = look_of(BEHAVIORS, text_of(outcome, "behavior"));
  (void)fprintf(file, "      <p class=\"case %s\">", look->class_name);
  write_text(file, text_of(outcome, "agent"));
  (void)fprintf(file,
                " - <span style=\"font-size: 1.3em;\"><b>Case %s</b></span> : %s - "
                "<span style=\"font-size: 0.9em;\"><b>%.0f</b> ms @ %s</span></p>\n",
                text_of(outcome, "id"), look->text, number_of(outcome, "duration"),
                text_of(outcome, "started"));
  write_block(file, "case_desc", "Case Description", text_of(outcome, "description"));
  write_block(file, "case_expect", "Case Expectation", text_of(outcome, "expectation"));
  (void)fputs("      <p class=\"case_text_block case_outcome\"><b>Case Outcome</b><br/><br/>",
              file);
  write_text(file, text_of(outcome, "result"));
  (void)fputs("<br/><br/><i>Expected:</i><br/><span class=\"case_pickle\">", file);
  write_listed(file, cJSON_GetObjectItemCaseSensitive(outcome, "expected"));
  (void)fputs("</span><br/><br/><i>Observed:</i><br/><span class=\"case_pickle\">", file);
  write_listed(file, cJSON_GetObjectItemCaseSensitive(outcome, "received"));
  (void)fputs("</span></p>\n", file);
  (void)fputs("      <p class=\"case_text_block case_closing_beh\"><b>Case Closing Behavior</b>"
              "<br/><br/>",
              file);
  write_text(file, text_of(outcome, "resultClose"));
  (void)fprintf(file, " (%s)</p>\n", text_of(outcome, "behaviorClose"));
}

static void write_table(FILE *file, const cJSON *outcome) {
  static const char *const names[] = {"isServer",
                                      "closedByMe",
                                      "failedByMe",
                                      "droppedByMe",
                                      "wasClean",
                                      "wasNotCleanReason",
                                      "wasServerConnectionDropTimeout",
                                      "wasOpenHandshakeTimeout",
                                      "wasCloseHandshakeTimeout",
                                      "localCloseCode",
                                      "localCloseReason",
                                      "remoteCloseCode",
                                      "remoteCloseReason"};
  (void)fputs(
      "      <h2>Closing Behavior</h2>\n      <table>\n"
      "         <tr class=\"stats_header\"><td>Key</td><td class=\"left\">Value</td></tr>\n",
      file);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)fprintf(file, "         <tr class=\"stats_row\"><td>%s</td><td class=\"left\">",
                  names[i]);
    write_listed(file, cJSON_GetObjectItemCaseSensitive(outcome, names[i]));
    (void)fputs("</td></tr>\n", file);
  }
  (void)fputs("      </table>\n", file);
}

static void write_counts(FILE *file, const cJSON *outcome, const char *name, const char *title) {
  (void)fprintf(file,
                "      <h3>%s</h3>\n      <table>\n         <tr class=\"stats_header\">"
                "<td>Key</td><td>Count</td></tr>\n",
                title);
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(outcome, name)) {
    (void)fprintf(file, "         <tr class=\"stats_row\"><td>%s</td><td>%.0f</td></tr>\n",
                  item->string, item->valuedouble);
  }
  (void)fputs("      </table>\n", file);
}

static void write_wire_log(FILE *file, const cJSON *outcome) {
  static const struct {
    const char *kind, *title, *class_name;
  } rows[] = {{"RO", "RX OCTETS", "wirelog_rx_octets"},
              {"TO", "TX OCTETS", "wirelog_tx_octets"},
              {"RF", "RX FRAME ", "wirelog_rx_frame"},
              {"TF", "TX FRAME ", "wirelog_tx_frame"}};
  (void)fputs("      <h2>Wire Log</h2>\n      <div id=\"wirelog\">\n", file);
  int n = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(outcome, "wirelog")) {
    const char *kind = cJSON_GetStringValue(cJSON_GetArrayItem(row, 0));
    const cJSON *sized = cJSON_GetArrayItem(row, 1);
    const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(sized, 1));
    for (size_t i = 0; kind && i < sizeof rows / sizeof rows[0]; i++) {
      if (strcmp(kind, rows[i].kind) != 0) {
        continue;
      }
      (void)fprintf(file, "         <pre class=\"%s\">%03d %s: ", rows[i].class_name, n,
                    rows[i].title);
      if (kind[1] == 'F') {
        (void)fprintf(file, "OPCODE=%d, FIN=%s, RSV=%d, PAYLOAD-LEN=%.0f\n    ",
                      cJSON_GetArrayItem(row, 2)->valueint,
                      cJSON_IsTrue(cJSON_GetArrayItem(row, 3)) ? "True" : "False",
                      cJSON_GetArrayItem(row, 4)->valueint,
                      cJSON_GetArrayItem(sized, 0)->valuedouble);
      }
      write_text(file, text ? text : "");
      (void)fputs("</pre>\n", file);
    }
    n++;
  }
  bool by_me = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(outcome, "droppedByMe"));
  (void)fprintf(file, "         <pre class=\"%s\">%03d TCP DROPPED BY %s</pre>\n      </div>\n",
                by_me ? "wirelog_tcp_closed_by_me" : "wirelog_tcp_closed_by_peer", n,
                by_me ? "ME" : "PEER");
}

void wspec_html_case(FILE *file, const struct cJSON *outcome) {
  begin_page(file, "p.case_failed { background: #900; color: #fff; }\n");
  write_summary(file, outcome);
  (void)fputs("      <h2>Opening Handshake</h2>\n      <pre class=\"http_dump\">", file);
  write_text(file, text_of(outcome, "httpRequest"));
  (void)fputs("</pre>\n      <pre class=\"http_dump\">", file);
  write_text(file, text_of(outcome, "httpResponse"));
  (void)fputs("</pre>\n", file);
  write_table(file, outcome);
  (void)fputs("      <h2>Wire Statistics</h2>\n", file);
  write_counts(file, outcome, "rxOctetStats", "Octets Received by Chop Size");
  write_counts(file, outcome, "txOctetStats", "Octets Transmitted by Chop Size");
  write_counts(file, outcome, "rxFrameStats", "Frames Received by Opcode");
  write_counts(file, outcome, "txFrameStats", "Frames Transmitted by Opcode");
  write_wire_log(file, outcome);
  end_page(file);
}
