/*
 * How long from the reading that crosses the threshold to the command's first instruction, with a
 * state_dir on a real disk, so that its record is made durable in between.
 *
 *      parachute_start [ROUNDS]
 *
 * Prints the median with min and max, and ends with 1 where the median is above the bound.
 */
#include "tests/unit/acting.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define BOUND_US 100000
#define ROUNDS_DEFAULT 51
#define ROUNDS_MOST 1000

static bool over(struct acting *acting)
{
    return operate_plan(acting->parachute)->runs[PLAN_ACTIVATE].state == PLAN_FINISHED;
}

/* As the command: leaves the time in the file that is its argument. */
static int stamp(const char *path)
{
    int64_t now_ns = clock_mono_ns();
    FILE *file = fopen(path, "w");

    if (!file || fprintf(file, "%" PRId64 "\n", now_ns) < 0)
        return 1;
    return fclose(file) == 0 ? 0 : 1;
}

static int64_t read_stamp(const char *path)
{
    char line[32] = "";
    FILE *file = fopen(path, "r");

    if (!file)
        return 0;
    if (!fgets(line, sizeof line, file))
        line[0] = '\0';
    fclose(file);
    return strtoll(line, NULL, 10);
}

static double ms(int64_t us)
{
    return (double)us / 1000;
}

static int compare(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;

    return (*left > *right) - (*left < *right);
}

/* Gives the microseconds of one activation; -1: it did not come about. */
static int64_t measure(struct acting *acting, const char *path)
{
    int64_t began_ns = clock_mono_ns();

    acting_judge(acting, 90);
    if (!acting_until(acting, over))
        return -1;
    int64_t took_us = (read_stamp(path) - began_ns) / 1000;
    acting_judge(acting, 10);
    return took_us;
}

int main(int argc, char **argv)
{
    static int64_t took_us[ROUNDS_MOST];
    struct acting acting;
    char self[4096] = "";
    char path[128];
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS_DEFAULT;

    if (argc == 3)
        return stamp(argv[2]);
    if (rounds < 1 || rounds > ROUNDS_MOST ||
        readlink("/proc/self/exe", self, sizeof self - 1) < 0 || !acting_make(&acting))
        return 2;
    snprintf(path, sizeof path, "%s/stamp", acting.folder);
    char *command[] = {self, "stamp", path, NULL};
    acting.options.commands[PLAN_ACTIVATE] =
        (struct order_command){.argv = command, .timeout_ms = 60000};
    if (!acting_start(&acting))
        return 2;
    for (long i = 0; i < rounds; i++) {
        took_us[i] = measure(&acting, path);
        if (took_us[i] < 0)
            return 2;
    }
    acting_clean(&acting);
    qsort(took_us, (size_t)rounds, sizeof *took_us, compare);
    int64_t median_us = took_us[rounds / 2];
    printf(
        "from the reading to the command: median %.1f ms (%.1f..%.1f, %ld rounds); bound %d ms\n",
        ms(median_us), ms(took_us[0]), ms(took_us[rounds - 1]), rounds, BOUND_US / 1000);
    return median_us > BOUND_US;
}
