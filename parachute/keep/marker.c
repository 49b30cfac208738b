#include "parachute/keep/marker.h"

#include "base/clock.h"
#include "base/log.h"
#include "parachute/keep/clerk.h"
#include "parachute/keep/marks.h"
#include "parachute/waits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (2 * CLOCK_NS_PER_S)

struct marker {
    struct waits *waits;
    struct marks marks; /* what it points to is the marker's */
    struct clerk *clerk;
    struct wait wait;      /* for the clerk's answer */
    bool told;             /* what is to be marked */
    bool given;            /* `job` was, once */
    size_t job_bytes;      /* of it that counts */
    struct marks_job *job; /* the last one that was given */
    struct log_complaint trouble;
};

static void complain(struct marker *marker, const char *why, size_t len)
{
    log_complain(&marker->trouble, LOG_LEVEL_WARNING,
                 "parachute: run_dir %s: the marker files cannot be kept: %.*s",
                 marker->marks.run_dir, (int)len, why);
}

static void complain_errno(struct marker *marker, int error)
{
    const char *why =
        error == CLERK_ENDED ? "the process that writes them has ended" : strerror(error);

    complain(marker, why, strlen(why));
}

static void hear_failed(struct marker *marker, int error, const char *why, size_t len)
{
    wait_until(marker->waits, &marker->wait, 0);
    if (len > 0 && len <= MARKS_ANSWER_MAX)
        complain(marker, why, len);
    else
        complain_errno(marker, error);
}

static void on_opened(void *arg, int error, const void *answer, size_t len)
{
    if (error != 0)
        hear_failed(arg, error, answer, len);
}

static void on_done(void *arg, uint64_t number, int error, const void *answer, size_t len)
{
    struct marker *marker = arg;

    (void)number;
    if (error != 0) {
        hear_failed(marker, error, answer, len);
        return;
    }
    if (clerk_idle(marker->clerk))
        wait_until(marker->waits, &marker->wait, 0);
    log_relieve(&marker->trouble, "parachute: run_dir %s: the marker files are right again",
                marker->marks.run_dir);
}

static void give(struct marker *marker)
{
    marker->given = clerk_give(marker->clerk, marker->job, marker->job_bytes) > 0;
    wait_until(marker->waits, &marker->wait, clock_mono_ns() + PATIENCE_NS);
}

static void on_wait(void *arg)
{
    static const char why[] = "the disk does not answer";

    complain(arg, why, sizeof why - 1);
}

/* The names of some disks, and room for their marks. */
struct marked {
    const char **names; /* in one piece with the texts */
    size_t job_bytes;
    struct marks_job *job;
};

/* -1 with errno. */
static int copy_disks(struct marked *disks, const char *const *names, size_t count)
{
    size_t room = (count + 1) * sizeof *names;

    for (size_t i = 0; i < count; i++)
        room += strlen(names[i]) + 1;
    *disks =
        (struct marked){.job_bytes = offsetof(struct marks_job, disk_s) + count * sizeof(int64_t)};
    errno = E2BIG;
    if (count > MARKS_DISKS_MAX)
        return -1;
    disks->names = malloc(room);
    disks->job = calloc(1, disks->job_bytes);
    if (!disks->names || !disks->job) {
        free(disks->names);
        free(disks->job);
        return -1;
    }
    char *text = (char *)(disks->names + count + 1);
    for (size_t i = 0; i < count; i++) {
        disks->names[i] = text;
        text = stpcpy(text, names[i]) + 1;
    }
    return 0;
}

/* In the place of those it has. */
static void take_disks(struct marker *marker, const struct marked *disks, size_t count)
{
    free((void *)marker->marks.names);
    free(marker->job);
    marker->marks.names = disks->names;
    marker->marks.count = count;
    marker->job_bytes = disks->job_bytes;
    marker->job = disks->job;
}

struct marker *marker_new(struct waits *waits, const char *run_dir, const char *const *names,
                          size_t count)
{
    struct marker *marker = calloc(1, sizeof *marker);
    struct marked disks;

    if (!marker)
        return NULL;
    marker->waits = waits;
    marker->wait = (struct wait){.due = on_wait, .arg = marker};
    marker->marks.run_dir = strdup(run_dir);
    if (!marker->marks.run_dir || copy_disks(&disks, names, count) < 0)
        goto failed;
    take_disks(marker, &disks, count);
    const struct clerk_work work = {
        .name = "altimeter-marks", .arg = &marker->marks, .open = marks_open, .job = marks_do};
    const struct clerk_heard heard = {.opened = on_opened, .done = on_done, .arg = marker};
    marker->clerk = clerk_new(waits, &work, &heard);
    if (marker->clerk)
        return marker;

failed:
    marker_free(marker);
    return NULL;
}

void marker_free(struct marker *marker)
{
    if (!marker)
        return;
    wait_end(&marker->wait);
    clerk_free(marker->clerk);
    free((void *)marker->marks.names);
    free((void *)marker->marks.run_dir);
    free(marker->job);
    free(marker);
}

static bool same_names(const struct marks *marks, const char *const *names, size_t count)
{
    bool same = marks->count == count;

    for (size_t i = 0; i < count && same; i++)
        same = strcmp(marks->names[i], names[i]) == 0;
    return same;
}

int marker_adapt(struct marker *marker, const char *const *names, size_t count, int64_t node_s,
                 const int64_t *disk_s)
{
    struct marked disks;

    if (same_names(&marker->marks, names, count))
        return 0;
    if (copy_disks(&disks, names, count) < 0)
        return -1;
    take_disks(marker, &disks, count);
    clerk_renew(marker->clerk);
    marker->given = false;
    if (marker->told) /* a job that waits has the room of the old ones */
        marker_mark(marker, node_s, disk_s);
    return 0;
}

void marker_mark(struct marker *marker, int64_t node_s, const int64_t *disk_s)
{
    struct marks_job *job = marker->job;
    size_t bytes = marker->job_bytes - offsetof(struct marks_job, disk_s);

    marker->told = true;
    if (marker->given && job->node_s == node_s && memcmp(job->disk_s, disk_s, bytes) == 0)
        return;
    job->node_s = node_s;
    memcpy(job->disk_s, disk_s, bytes);
    give(marker);
}
