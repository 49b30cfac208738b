/*
 * A parachute that acts, with one disk whose readings the test makes up: folders of its own, real
 * commands. What is waited for is a condition; a guard ends the wait when all is lost.
 */
#ifndef TESTS_UNIT_ACTING_H
#define TESTS_UNIT_ACTING_H

#include "base/clock.h"
#include "base/log.h"
#include "base/series.h"
#include "parachute/operate.h"
#include "parachute/parachute.h"

#include <dirent.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ACTING_GUARD_NS (60 * CLOCK_NS_PER_S)
#define ACTING_THRESHOLD 80

struct acting {
    char folder[64];
    char state_dir[96];
    char run_dir[96];
    struct parachute_disk disk;
    struct parachute_options options;
    struct series_table *series;
    struct parachute *parachute;
    bool ready;
};

/* The folder is made; the caller sets options.commands before acting_start. */
static inline bool acting_make(struct acting *acting)
{
    log_open(LOG_LEVEL_ERROR); /* each activation is a warning */
    *acting = (struct acting){.folder = "/tmp/altimeter-test-XXXXXX"};
    if (!mkdtemp(acting->folder))
        return false;
    snprintf(acting->state_dir, sizeof acting->state_dir, "%s/state", acting->folder);
    snprintf(acting->run_dir, sizeof acting->run_dir, "%s/run", acting->folder);
    acting->disk = (struct parachute_disk){.name = "disk",
                                           .mount = "/disk",
                                           .rule = {.threshold_percent = ACTING_THRESHOLD,
                                                    .release_percent = ACTING_THRESHOLD,
                                                    .times = 1,
                                                    .cycles = 1}};
    acting->options = (struct parachute_options){.disks = &acting->disk,
                                                 .count = 1,
                                                 .namespace = "n",
                                                 .acts = true,
                                                 .state_dir = acting->state_dir,
                                                 .run_dir = acting->run_dir};
    acting->series = series_table_new("n");
    return acting->series != NULL;
}

/* Lets it work until the question is answered with true; false: the guard ended it. */
static inline bool acting_until(struct acting *acting, bool (*question)(struct acting *acting))
{
    int64_t end_ns = clock_mono_ns() + ACTING_GUARD_NS;
    struct pollfd fd = {.fd = parachute_fd(acting->parachute), .events = POLLIN};

    while (!question(acting)) {
        if (clock_mono_ns() > end_ns)
            return false;
        if (poll(&fd, 1, 1000) > 0)
            parachute_dispatch(acting->parachute);
    }
    return true;
}

static inline void acting_ready(void *arg)
{
    ((struct acting *)arg)->ready = true;
}

static inline bool acting_is_ready(struct acting *acting)
{
    return acting->ready;
}

static inline bool acting_start(struct acting *acting)
{
    acting->ready = false;
    acting->parachute = parachute_new(&acting->options, acting->series);
    if (!acting->parachute)
        return false;
    parachute_load(acting->parachute, acting_ready, acting);
    return acting_until(acting, acting_is_ready);
}

static inline void acting_stop(struct acting *acting)
{
    parachute_free(acting->parachute);
    acting->parachute = NULL;
}

/* One cycle, with a disk that is so full. */
static inline void acting_judge(struct acting *acting, unsigned percent)
{
    const struct reading reading = {.state = READING_OK,
                                    .total_bytes = 100,
                                    .used_bytes = percent,
                                    .free_bytes = 100 - percent};

    parachute_judge(acting->parachute, &reading);
}

static inline void acting_clean(struct acting *acting)
{
    char command[128];

    acting_stop(acting);
    series_table_free(acting->series);
    snprintf(command, sizeof command, "rm -rf '%s'", acting->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", acting->folder);
}

static inline unsigned acting_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

#endif
