/*
 * A parachute that acts, of two disks, "a" and "b", and is given other options while it does. The
 * options are in memory of their own, which is gone as soon as they are not in force any more.
 * Commands are scripts, which write to a file; one that waits does so until the gate is opened.
 */
#ifndef TESTS_UNIT_TURNING_H
#define TESTS_UNIT_TURNING_H

#include "tests/unit/acting.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A script that writes this, with the event, the disk that tipped it, and the activated ones. */
#define SAY(word) "echo \"$PARACHUTE_EVENT:$PARACHUTE_DISK:$PARACHUTE_DISKS " word "\" >>said;"
#define WAIT_AT_GATE "read go <gate;"

/* What is in force. */
struct turning_options {
    struct parachute_disk disks[2];
    char script[PLAN_EVENTS][512];
    char *argv[PLAN_EVENTS][4];
    char shell[16], dash_c[4];
    char namespace[8];
    char state_dir[96], run_dir[96];
    char texts[2][2][16]; /* mount point and name of each disk */
    struct parachute_options options;
};

struct turning {
    struct acting acting; /* first, for the questions */
    struct turning_options *in_force;
    const char *prefix; /* of the names, "" or another */
    unsigned retries;   /* of what is given next */
    unsigned threshold;
    int gate;
};

static inline void turning_set(struct turning_options *to, const struct turning *of,
                               enum plan_event event, const char *script)
{
    if (!script)
        return;
    assert_true(snprintf(to->script[event], sizeof to->script[event], "cd '%s'; %s",
                         of->acting.folder, script) < (int)sizeof to->script[event]);
    to->argv[event][0] = to->shell;
    to->argv[event][1] = to->dash_c;
    to->argv[event][2] = to->script[event];
    to->options.commands[event] = (struct order_command){
        .argv = to->argv[event], .timeout_ms = 60000, .retries = of->retries};
}

/* `which` is "a", "b", "ab", "ba" or ""; a script may be NULL. */
static inline struct turning_options *turning_options(const struct turning *of, const char *which,
                                                      const char *activate, const char *release)
{
    struct turning_options *new = calloc(1, sizeof *new);

    assert_non_null(new);
    strcpy(new->shell, "/bin/sh");
    strcpy(new->dash_c, "-c");
    strcpy(new->namespace, "n");
    strcpy(new->state_dir, of->acting.state_dir);
    strcpy(new->run_dir, of->acting.run_dir);
    for (size_t i = 0; i < strlen(which); i++) {
        snprintf(new->texts[i][0], sizeof new->texts[i][0], "/%c", which[i]);
        snprintf(new->texts[i][1], sizeof new->texts[i][1], "%s%c", of->prefix, which[i]);
        new->disks[i] = of->acting.disk;
        new->disks[i].mount = new->texts[i][0];
        new->disks[i].name = new->texts[i][1];
        new->disks[i].rule.threshold_percent = of->threshold;
        new->disks[i].rule.release_percent = of->threshold;
    }
    new->options = (struct parachute_options){.disks = new->disks,
                                              .count = strlen(which),
                                              .namespace = new->namespace,
                                              .acts = true,
                                              .state_dir = new->state_dir,
                                              .run_dir = new->run_dir};
    turning_set(new, of, PLAN_ACTIVATE, activate);
    turning_set(new, of, PLAN_RELEASE, release);
    return new;
}

static inline void turning_force(struct turning *turning, struct turning_options *options)
{
    if (turning->in_force)
        memset(turning->in_force, 0x5a, sizeof *turning->in_force);
    free(turning->in_force);
    turning->in_force = options;
}

/* Another agent, after the one before. */
static inline void turning_start(struct turning *turning, const char *which, const char *activate,
                                 const char *release)
{
    acting_stop(&turning->acting);
    turning_force(turning, turning_options(turning, which, activate, release));
    turning->acting.options = turning->in_force->options;
    assert_true(acting_start(&turning->acting));
}

static inline void turning_begin(struct turning *turning, const char *which, const char *activate,
                                 const char *release)
{
    char path[128];

    *turning = (struct turning){0};
    assert_true(acting_make(&turning->acting));
    turning->prefix = "";
    turning->threshold = ACTING_THRESHOLD;
    snprintf(path, sizeof path, "%s/gate", turning->acting.folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    turning->gate = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(turning->gate >= 0);
    turning_start(turning, which, activate, release);
}

/* Who still writes something down is waited for. */
static inline void turning_end(struct turning *turning)
{
    acting_stop(&turning->acting);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    acting_clean(&turning->acting);
    close(turning->gate);
    turning_force(turning, NULL);
}

static inline void turning_adapt(struct turning *turning, const char *which, const char *activate,
                                 const char *release)
{
    struct turning_options *new = turning_options(turning, which, activate, release);

    assert_int_equal(parachute_adapt(turning->acting.parachute, &new->options), 0);
    turning_force(turning, new);
}

/* One cycle: how full the first and the second disk are. */
static inline void turning_judge(struct turning *turning, unsigned first, unsigned second)
{
    const struct reading readings[] = {
        {.state = READING_OK, .total_bytes = 100, .used_bytes = first, .free_bytes = 100 - first},
        {.state = READING_OK, .total_bytes = 100, .used_bytes = second, .free_bytes = 100 - second},
    };

    parachute_judge(turning->acting.parachute, readings);
}

static inline void turning_open_gate(const struct turning *turning)
{
    assert_int_equal(write(turning->gate, "go\n", 3), 3);
}

/* What the commands have written. */
static inline const char *turning_said(const struct turning *turning)
{
    static char text[1024];
    char path[128];

    snprintf(path, sizeof path, "%s/said", turning->acting.folder);
    FILE *file = fopen(path, "r");
    text[file ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
    if (file)
        fclose(file);
    return text;
}

static inline const struct plan_run *turning_run(const struct turning *turning,
                                                 enum plan_event event)
{
    return &operate_plan(turning->acting.parachute)->runs[event];
}

#define TURNING_IS(name, event, is)                                                                \
    static inline bool turning_##name(struct acting *acting)                                       \
    {                                                                                              \
        return operate_plan(acting->parachute)->runs[event].state == (is);                         \
    }

TURNING_IS(activate_pending, PLAN_ACTIVATE, PLAN_PENDING)
TURNING_IS(activate_finished, PLAN_ACTIVATE, PLAN_FINISHED)
TURNING_IS(release_finished, PLAN_RELEASE, PLAN_FINISHED)

#define UNTIL(turning, question) assert_true(acting_until(&(turning)->acting, question))

#endif
