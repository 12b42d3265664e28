#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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
  uint64_t expected = candidates[0].run(candidates[0].context, 3);
  for (size_t i = 1; i < n; i++) {
    uint64_t result = candidates[i].run(candidates[i].context, 3);
    if (result != expected) {
      fprintf(stderr, "bench: %s gives %llu where %s gives %llu\n", candidates[i].name,
              (unsigned long long)result, candidates[0].name, (unsigned long long)expected);
      return 1;
    }
  }
  return 0;
}

static double median(double *values) {
  qsort(values, BENCH_REPETITIONS, sizeof *values, compare_doubles);
  return values[BENCH_REPETITIONS / 2];
}

/* One repetition: the time of a round of each candidate. */
static void repeat_once(struct bench_candidate *candidates, const uint64_t *rounds, size_t n,
                        double *round_ns) {
  for (size_t i = 0; i < n; i++) {
    round_ns[i] = 0;
  }
  for (size_t turn = 0; turn < BENCH_TURNS; turn++) {
    for (size_t i = 0; i < n; i++) {
      round_ns[i] += time_ns(&candidates[i], rounds[i]) / (double)rounds[i] / BENCH_TURNS;
    }
  }
}

int bench_measure(struct bench_candidate *candidates, size_t n) {
  double times[BENCH_MAX_CANDIDATES][BENCH_REPETITIONS];
  double ratios[BENCH_MAX_CANDIDATES][BENCH_REPETITIONS];
  uint64_t rounds[BENCH_MAX_CANDIDATES];
  int disagree = check_agreement(candidates, n);
  for (size_t i = 0; i < n; i++) {
    rounds[i] = rounds_of_turn(&candidates[i]);
  }
  for (size_t repetition = 0; repetition < BENCH_REPETITIONS; repetition++) {
    double round_ns[BENCH_MAX_CANDIDATES];
    repeat_once(candidates, rounds, n, round_ns);
    for (size_t i = 0; i < n; i++) {
      times[i][repetition] = round_ns[i];
      ratios[i][repetition] = round_ns[0] / round_ns[i];
    }
  }
  for (size_t i = 0; i < n; i++) {
    candidates[i].median_ns = median(times[i]);
    candidates[i].speed = median(ratios[i]);
  }
  return disagree;
}

void bench_print_head(const char *title, const struct bench_candidate *candidates, size_t n) {
  printf("\n%s: speed to %s's (GB/s)\n\n| |", title, candidates[0].name);
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
    printf(" %.2f (%.1f) |", candidates[i].speed, (double)octets / candidates[i].median_ns);
  }
  printf("\n");
  fflush(stdout);
}
