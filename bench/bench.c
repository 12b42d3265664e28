#include "bench.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static bool is_quick(void) {
  const char *quick = getenv("WSPEC_BENCH_QUICK");
  return quick && *quick;
}

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_ns(struct bench_candidate *candidate, uint64_t rounds) {
  double start = now_ns();
  candidate->run(candidate->context, rounds);
  return now_ns() - start;
}

/* How many rounds fill a turn. */
static uint64_t rounds_of_turn(struct bench_candidate *candidate) {
  uint64_t rounds = 1;
  if (is_quick()) {
    return rounds;
  }
  double spent_ns = time_ns(candidate, rounds);
  while (spent_ns < BENCH_TURN_NS && rounds < UINT64_C(1) << 40) {
    rounds *= spent_ns < BENCH_TURN_NS / 16 ? 8 : 2;
    spent_ns = time_ns(candidate, rounds);
  }
  return rounds;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static int check_agreement(struct bench_candidate *candidates, size_t n) {
  const uint64_t rounds = 2; /* so that what one leaves over is seen in the next */
  uint64_t expected = candidates[0].run(candidates[0].context, rounds);
  for (size_t i = 1; i < n; i++) {
    uint64_t result = candidates[i].run(candidates[i].context, rounds);
    if (result != expected) {
      fprintf(stderr, "bench: %s gives %llu where %s gives %llu\n", candidates[i].name,
              (unsigned long long)result, candidates[0].name, (unsigned long long)expected);
      return 1;
    }
  }
  return 0;
}

/* The times of a row: of each repetition, of each candidate, of one round. */
struct times {
  size_t n_repetitions;
  double ns[BENCH_REPETITIONS][BENCH_MAX_CANDIDATES];
};

static double median(double *values, size_t n) {
  qsort(values, n, sizeof *values, compare_doubles);
  return values[n / 2];
}

/* The median of the ratios of a candidate's time to another's. */
static double median_ratio(const struct times *times, size_t to, size_t of) {
  double ratios[BENCH_REPETITIONS];
  for (size_t i = 0; i < times->n_repetitions; i++) {
    ratios[i] = times->ns[i][to] / times->ns[i][of];
  }
  return median(ratios, times->n_repetitions);
}

static double median_time(const struct times *times, size_t of) {
  double values[BENCH_REPETITIONS];
  for (size_t i = 0; i < times->n_repetitions; i++) {
    values[i] = times->ns[i][of];
  }
  return median(values, times->n_repetitions);
}

static void repeat_once(struct bench_candidate *candidates, const uint64_t *rounds, size_t n,
                        double *round_ns) {
  size_t turns = is_quick() ? 1 : BENCH_TURNS;
  for (size_t i = 0; i < n; i++) {
    round_ns[i] = 0;
  }
  for (size_t turn = 0; turn < turns; turn++) {
    for (size_t i = 0; i < n; i++) {
      round_ns[i] += time_ns(&candidates[i], rounds[i]) / (double)rounds[i] / (double)turns;
    }
  }
}

static void compare(struct bench_candidate *candidates, size_t n, const struct times *times) {
  size_t best = n;
  for (size_t i = 0; i < n; i++) {
    candidates[i].median_ns = median_time(times, i);
    candidates[i].speed = median_ratio(times, 0, i);
    if (candidates[i].role == BENCH_PEER &&
        (best == n || candidates[i].speed > candidates[best].speed)) {
      best = i;
    }
  }
  for (size_t i = 0; i < n; i++) {
    candidates[i].best_peer = best < n ? candidates[best].name : NULL;
    candidates[i].lead = best < n ? median_ratio(times, best, i) : 0;
  }
}

int bench_measure(struct bench_candidate *candidates, size_t n) {
  struct times times = {.n_repetitions = is_quick() ? 1 : BENCH_REPETITIONS};
  uint64_t rounds[BENCH_MAX_CANDIDATES];
  int disagree = check_agreement(candidates, n);
  for (size_t i = 0; i < n; i++) {
    rounds[i] = rounds_of_turn(&candidates[i]);
  }
  for (size_t i = 0; i < times.n_repetitions; i++) {
    repeat_once(candidates, rounds, n, times.ns[i]);
  }
  compare(candidates, n, &times);
  return disagree;
}

void bench_print_head(const char *title, const struct bench_candidate *candidates, size_t n) {
  printf("\n%s: speed to %s's, in brackets %s\n\n| |", title, candidates[0].name,
         "GB/s, or the time where it says ns");
  for (size_t i = 0; i < n; i++) {
    printf(" %s |", candidates[i].name);
  }
  printf("\n| --- |");
  for (size_t i = 0; i < n; i++) {
    printf(" --- |");
  }
  printf("\n");
}

void bench_print_row(const char *label, size_t octets, const struct bench_candidate *candidates,
                     size_t n) {
  printf("| %s |", label);
  for (size_t i = 0; i < n; i++) {
    if (octets > 0) {
      printf(" %.3g (%.1f) |", candidates[i].speed, (double)octets / candidates[i].median_ns);
    } else {
      printf(" %.3g (%.0f ns) |", candidates[i].speed, candidates[i].median_ns);
    }
  }
  printf("\n");
  fflush(stdout);
}

static void sum_up(const char *cell, const char *ours, double ratio, const char *to, double goal) {
  const char *path = getenv("WSPEC_BENCH_SUMMARY");
  FILE *summary = path && *path && !is_quick() ? fopen(path, "a") : NULL;
  if (!summary) {
    return;
  }
  fprintf(summary, "| %s | %s | %.2f | %s | %.2f | %s |\n", cell, ours, ratio, to, goal,
          ratio >= goal ? "yes" : "no");
  fclose(summary);
}

void bench_sum_up_speed(const char *cell, const struct bench_candidate *ours, const char *first,
                        double goal) {
  sum_up(cell, ours->name, ours->speed, first, goal);
}

void bench_sum_up_lead(const char *cell, const struct bench_candidate *ours, double goal) {
  if (ours->best_peer) {
    sum_up(cell, ours->name, ours->lead, ours->best_peer, goal);
  }
}
