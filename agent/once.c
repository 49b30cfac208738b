#include "agent/agent.h"
#include "agent/loop.h"
#include "agent/tick.h"
#include "agent/watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/series.h"
#include "emitter/text.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

struct once {
    struct event_base *base;
    struct series_table *series;
    bool over; /* the look may be over before the loop begins */
    int status;
};

/* A pipe takes what fits into it at a time; a closed or full one is an error. */
static int write_all(const struct bytes *text, int fd)
{
    size_t done = 0;

    while (done < text->len) {
        ssize_t written = write(fd, text->data + done, text->len - done);

        if (written <= 0)
            return -1;
        done += (size_t)written;
    }
    return 0;
}

static void print(void *arg, struct snapshot *snapshot)
{
    struct once *once = arg;
    struct bytes text = {0};

    if (snapshot->failed || text_lines(&text, once->series, snapshot) < 0)
        log_write(LOG_LEVEL_ERROR, "no snapshot: out of memory");
    else if (write_all(&text, STDOUT_FILENO) < 0)
        log_write(LOG_LEVEL_ERROR, "cannot write to stdout: %s", strerror(errno));
    else
        once->status = 0;
    bytes_clean(&text);
    once->over = true;
    event_base_loopbreak(once->base);
}

int agent_once(const struct config *config)
{
    struct once once = {
        .base = loop_new(), .series = series_table_new(config->namespace), .status = 1};
    struct watch *watch = NULL;
    int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

    if (now_s < TICK_EPOCH_S) {
        log_write(LOG_LEVEL_ERROR, "no snapshot: the clock is not set");
        goto out;
    }
    if (!once.base || !once.series) {
        log_write(LOG_LEVEL_ERROR, "no snapshot: out of memory");
        goto out;
    }
    watch = watch_new(config, once.series, once.base, false);
    if (watch && watch_tick(watch, now_s, print, &once) == 0 && !once.over)
        event_base_dispatch(once.base);
out:
    watch_free(watch);
    series_table_free(once.series);
    loop_free(once.base);
    return once.status;
}
