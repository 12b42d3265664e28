#include "cli/explain.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const RANKS[] = {"pass", "info", "warn", "fail"};

static void print_codes(const struct wspec_alternative *alternative) {
  if (alternative->n_codes == 0) {
    printf("any");
  }
  for (size_t i = 0; i < alternative->n_codes; i++) {
    const struct wspec_code_range *range = &alternative->codes[i];
    printf("%s%u", i > 0 ? ", " : "", range->first);
    if (range->last != range->first) {
      printf("-%u", range->last);
    }
  }
  printf("%s", alternative->no_code_allowed ? ", or none" : "");
}

static void print_ref(const struct wspec_payload_ref *ref, const char *same) {
  switch (ref->kind) {
  case WSPEC_REF_SAME:
    printf("%s", same);
    break;
  case WSPEC_REF_LABEL:
    printf("what was sent as [%s]", ref->label);
    break;
  case WSPEC_REF_PAYLOAD:
    printf("%s", ref->opcode == 1 ? "text " : ref->opcode == 2 ? "binary " : "");
    wspec_explain_payload(&ref->payload);
    break;
  }
}

static void print_field(const struct wspec_field_rule *rule) {
  static const char *const kinds[] = {"is there", "is not there",  "lists",
                                      "is",       "is there once", "does not list"};
  printf("             the field %s %s%s%s", rule->name, kinds[rule->kind], rule->value ? " " : "",
         rule->value ? rule->value : "");
  if (rule->requirement) {
    printf(" (%s)", rule->requirement->id);
  }
  printf("\n");
}

static void print_http(const struct wspec_alternative *alternative) {
  if (alternative->validate) {
    printf("the connection is accepted: HTTP 101, right by RFC 6455 section 4.2.2");
    if (alternative->deflate != WSPEC_DEFLATE_ANY) {
      printf(", %s permessage-deflate",
             alternative->deflate == WSPEC_DEFLATE_AGREED ? "with" : "without");
      if (alternative->deflate_param) {
        printf(" and %s", alternative->deflate_param);
      }
    }
  } else {
    printf("an HTTP answer with status ");
    print_codes(alternative);
  }
}

static void print_reaction(const struct wspec_alternative *alternative) {
  static const char *const plain[] = {
      [WSPEC_REACTION_DROPPED] = "TCP is closed without a whole HTTP answer",
      [WSPEC_REACTION_IGNORED] = "nothing but the pong of a ping sent behind",
      [WSPEC_REACTION_ENDED] = "TCP is closed",
      [WSPEC_REACTION_NOTHING] = "no octet",
      [WSPEC_REACTION_SILENT] = "no reaction, not even to a ping",
      [WSPEC_REACTION_ANY] = "anything",
      [WSPEC_REACTION_MASKING_KEYS] = "the masking keys of all frames so far look random",
      [WSPEC_REACTION_KEY] = "the Sec-WebSocket-Key is another one than on each other connection",
      [WSPEC_REACTION_REQUESTED] = "a request with these fields",
      [WSPEC_REACTION_SERVER_NAME] = "TLS was begun with the name of the host"};
  switch (alternative->reaction) {
  case WSPEC_REACTION_HTTP:
    print_http(alternative);
    break;
  case WSPEC_REACTION_ECHO:
    printf("an echo of ");
    print_ref(&alternative->payload, "the last message sent");
    break;
  case WSPEC_REACTION_MESSAGE:
    printf("a message: ");
    print_ref(&alternative->payload, "the last one sent");
    break;
  case WSPEC_REACTION_PONG:
    printf("a pong with the octets of ");
    print_ref(&alternative->payload, "the last ping sent");
    break;
  case WSPEC_REACTION_FAILED:
    printf("the connection fails: TCP is closed, or a close frame comes with code ");
    print_codes(alternative);
    break;
  case WSPEC_REACTION_CLOSED:
    printf("a close frame with code ");
    print_codes(alternative);
    printf("%s", alternative->reason ? ", with the reason of the case" : "");
    break;
  default:
    printf("%s", plain[alternative->reaction]);
    break;
  }
}

static const char *level_rank(enum wspec_level level) {
  return level == WSPEC_LEVEL_MUST ? "fail" : level == WSPEC_LEVEL_SHOULD ? "warn" : "info";
}

/* Of a case for both roles, each may break a sentence of its own. */
static void print_violated(const struct wspec_requirement *named,
                           const struct wspec_script *script) {
  static const struct {
    const char *actor;
    enum wspec_case_target target;
  } roles[] = {{"server", WSPEC_TARGET_SERVER}, {"client", WSPEC_TARGET_CLIENT}};
  const struct wspec_requirement *violated[2];
  for (size_t i = 0; i < 2; i++) {
    size_t other = script->target == roles[1 - i].target ? 1 - i : i;
    violated[i] = named ? named
                        : wspec_requirement_for(script->requirements, script->n_requirements,
                                                roles[other].actor);
  }
  if (!violated[0]) {
    printf("       fail  anything else\n");
    return;
  }
  bool is_one = violated[0] == violated[1];
  for (size_t i = 0; i < (is_one ? 1 : 2); i++) {
    printf("       %s  anything else%s%s: %s is violated\n", level_rank(violated[i]->level),
           is_one ? "" : " of a ", is_one ? "" : roles[i].actor, violated[i]->id);
  }
}

void wspec_explain_expectation(const struct wspec_expectation *expect,
                               const struct wspec_script *script) {
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expect->alternatives[i];
    printf("       %s  ", RANKS[alternative->rank]);
    print_reaction(alternative);
    if (alternative->times > 1) {
      printf(", %" PRIu64 " times", alternative->times);
    }
    if (alternative->offered != WSPEC_OFFERED_OR_NOT) {
      printf(", if the client %s what is answered",
             alternative->offered == WSPEC_OFFERED ? "offered" : "did not offer");
    }
    if (alternative->ends) {
      printf(", and the case is over");
    }
    if (alternative->note) {
      printf(" (%s)", alternative->note);
    }
    printf("\n");
    for (size_t k = 0; k < alternative->n_fields; k++) {
      print_field(&alternative->fields[k]);
    }
  }
  print_violated(expect->requirement, script);
}
