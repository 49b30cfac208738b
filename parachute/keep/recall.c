#include "parachute/keep/recall.h"

#include "base/clock.h"
#include "base/log.h"
#include "parachute/keep/clerk.h"
#include "parachute/keep/keeper.h"
#include "parachute/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (2 * CLOCK_NS_PER_S)
#define FETCH_NS (30 * CLOCK_NS_PER_S)

struct recall {
    struct waits *waits;
    char *dir;
    struct keeper keeper;
    struct recall_heard heard;
    struct clerk *clerk;
    struct wait patience; /* with the load, a fetch, or what is to be stored */
    struct bytes job;     /* the state that was stored last */
    bool loaded;          /* or given up */
    bool held;            /* the file was, once */
    bool changed;         /* what became of the file is told, and may be heard again */
    bool missed;          /* what is in the file was given up, and this is still to be told */
    int64_t storing;      /* the number of the job; 0: what was stored is on the disk */
    int64_t fetching;     /* 0: nothing is fetched */
    bool unsaid;          /* the state is to be given once the fetch is over */
    struct log_complaint trouble;
};

static void complain(struct recall *recall, const char *why)
{
    log_complain(&recall->trouble, LOG_LEVEL_WARNING,
                 "parachute: state_dir %s: %s; what it remembers would not survive a restart",
                 recall->keeper.dir, why);
}

static void relieve(struct recall *recall)
{
    log_relieve(&recall->trouble, "parachute: state_dir %s: all is remembered again",
                recall->keeper.dir);
}

static void tell_loaded(struct recall *recall, const struct record *record,
                        const struct record_end *end)
{
    recall->loaded = true;
    wait_until(recall->waits, &recall->patience, 0);
    recall->heard.loaded(recall->heard.arg, record, end);
}

/* NULL: there is none. */
static const struct record_end *find_end(const struct keeper_heard *heard, struct record_end *end)
{
    if (!heard->file || record_decode_end(heard->file + RECORD_END_AT, RECORD_END_SLOT, end) < 0)
        return NULL;
    return end;
}

/* The same, for the first answer. What numbers were given is perhaps not known; then it is said
 * that one was which is higher than any, lest the end of an older run is taken for a new one's. */
static const struct record_end *find_last_end(const struct keeper_heard *heard,
                                              struct record_end *end)
{
    int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

    if (find_end(heard, end))
        return end;
    if (heard->file && !heard->aside)
        return NULL;
    *end = (struct record_end){.number = now_s > 0 ? (uint64_t)now_s : 0};
    return end;
}

static void give_up(struct recall *recall)
{
    struct record_end end = {0};

    recall->missed = true;
    tell_loaded(recall, NULL, find_last_end(&(struct keeper_heard){0}, &end));
}

/* The bad news in an answer. */
static void tell_lost(const struct recall *recall, const char *why)
{
    log_write(LOG_LEVEL_WARNING, "parachute: state_dir %s: what it remembered is lost: %s",
              recall->keeper.dir, why);
}

static void load(struct recall *recall, const struct keeper_heard *heard)
{
    struct record *record = calloc(1, sizeof *record);
    struct record_end end = {0};
    const char *why = NULL;
    bool torn = false;
    int decoded = record ? record_decode(heard->file, RECORD_BYTES, record, &torn, &why) : -1;

    if (decoded < 0)
        tell_lost(recall, record ? why : strerror(ENOMEM));
    else if (torn)
        log_write(LOG_LEVEL_WARNING,
                  "parachute: state_dir %s: the last thing it remembered is torn, as after a "
                  "crash; the one before counts",
                  recall->keeper.dir);
    tell_loaded(recall, decoded == 0 ? record : NULL, find_last_end(heard, &end));
    free(record);
}

/* As long as nothing new was stored, it is what counts. Else it is overwritten. */
static void load_late(struct recall *recall, const struct keeper_heard *heard)
{
    struct record *record = calloc(1, sizeof *record);
    struct record_end end = {0};
    const char *why = NULL;
    bool torn = false;
    bool there = record && record_decode(heard->file, RECORD_BYTES, record, &torn, &why) == 0;

    recall->missed = false;
    if (there && recall->job.len > 0)
        tell_lost(recall, "it came too late");
    else if (there)
        tell_loaded(recall, record, find_end(heard, &end));
    free(record);
}

static const char *words(int error)
{
    return error == CLERK_ENDED ? "the process that writes it has ended" : strerror(error);
}

/* What became of the file, which each answer tells again until one has no error. */
static void tell_changed(struct recall *recall, const struct keeper_heard *heard)
{
    if (heard->aside)
        tell_lost(recall, heard->aside);
    else if (heard->made && recall->held)
        log_write(LOG_LEVEL_WARNING, "parachute: state_dir %s: its file was gone, and is made anew",
                  recall->keeper.dir);
}

static struct keeper_heard hear(struct recall *recall, int error, const void *answer, size_t len)
{
    struct keeper_heard heard = {0};

    if (len > 0 && keeper_hear(answer, len, &heard) < 0)
        heard = (struct keeper_heard){0};
    if (!recall->changed)
        tell_changed(recall, &heard);
    recall->changed = error != 0 && (heard.aside || heard.made);
    recall->held = recall->held || error == 0;
    return heard;
}

static void on_opened(void *arg, int error, const void *answer, size_t len)
{
    struct recall *recall = arg;
    const struct keeper_heard heard = hear(recall, error, answer, len);

    if (error != 0)
        complain(recall, words(error));
    else if (recall->storing == 0 && recall->fetching == 0)
        relieve(recall);
    if (!recall->loaded && heard.file)
        load(recall, &heard);
    else if (!recall->loaded && error != CLERK_ENDED) /* another one is begun at once */
        give_up(recall);
    else if (recall->missed && heard.file)
        load_late(recall, &heard);
}

static void give_state(struct recall *recall)
{
    recall->unsaid = false;
    recall->storing = clerk_give(recall->clerk, recall->job.data, recall->job.len);
    if (recall->storing < 0)
        complain(recall, strerror(ENOMEM));
    wait_until(recall->waits, &recall->patience, clock_mono_ns() + PATIENCE_NS);
}

static void end_fetch(struct recall *recall, const struct record_end *end)
{
    recall->fetching = 0;
    wait_until(recall->waits, &recall->patience, 0);
    if (recall->unsaid)
        give_state(recall);
    recall->heard.fetched(recall->heard.arg, end);
}

static void on_stored(struct recall *recall, int error)
{
    if (error != 0) {
        complain(recall, words(error));
    } else {
        recall->storing = 0;
        wait_until(recall->waits, &recall->patience, 0);
        relieve(recall);
    }
    recall->heard.stored(recall->heard.arg);
}

static void on_done(void *arg, uint64_t number, int error, const void *answer, size_t len)
{
    struct recall *recall = arg;
    const struct keeper_heard heard = hear(recall, error, answer, len);
    struct record_end end = {0};

    if ((int64_t)number == recall->storing)
        on_stored(recall, error);
    else if ((int64_t)number == recall->fetching && heard.file)
        end_fetch(recall, find_end(&heard, &end));
    else if ((int64_t)number == recall->fetching) /* the clerk tries again */
        complain(recall, words(error));
}

/* Without memory for the fetch it is over as well, since nobody answers. */
static void on_patience(void *arg)
{
    struct recall *recall = arg;

    complain(recall, "the disk does not answer");
    if (!recall->loaded)
        give_up(recall);
    else if (recall->fetching != 0)
        end_fetch(recall, NULL);
}

struct recall *recall_new(struct waits *waits, const char *state_dir,
                          const struct recall_heard *heard)
{
    struct recall *recall = calloc(1, sizeof *recall);

    if (!recall)
        return NULL;
    recall->waits = waits;
    recall->dir = strdup(state_dir);
    recall->keeper = (struct keeper){.dir = recall->dir};
    recall->heard = *heard;
    recall->patience = (struct wait){.due = on_patience, .arg = recall};
    if (recall->dir)
        recall->clerk =
            clerk_new(waits,
                      &(struct clerk_work){.name = "altimeter-state",
                                           .arg = &recall->keeper,
                                           .open = keeper_open,
                                           .job = keeper_do},
                      &(struct clerk_heard){.opened = on_opened, .done = on_done, .arg = recall});
    if (recall->clerk) {
        wait_until(waits, &recall->patience, clock_mono_ns() + PATIENCE_NS);
        return recall;
    }
    recall_free(recall);
    return NULL;
}

void recall_free(struct recall *recall)
{
    if (!recall)
        return;
    wait_end(&recall->patience);
    clerk_free(recall->clerk);
    bytes_clean(&recall->job);
    free(recall->dir);
    free(recall);
}

void recall_store(struct recall *recall, const struct record *record)
{
    const uint8_t kind = KEEPER_STORE;
    struct bytes slot = {0};

    bytes_cut(&recall->job, 0);
    bytes_add(&recall->job, &kind, 1);
    if (record_encode(record, &slot) == 0)
        bytes_add(&recall->job, slot.data, slot.len);
    else
        recall->job.failed = true;
    bytes_clean(&slot);
    recall->storing = -1;
    if (recall->job.failed)
        complain(recall, strerror(ENOMEM));
    else if (recall->fetching != 0)
        recall->unsaid = true;
    else
        give_state(recall);
}

/* A state that waits for the clerk would go with this: it is given again after it. */
void recall_fetch(struct recall *recall)
{
    const uint8_t kind = KEEPER_FETCH;

    recall->unsaid = recall->storing != 0 && !recall->job.failed;
    recall->fetching = clerk_give(recall->clerk, &kind, 1);
    wait_until(recall->waits, &recall->patience, clock_mono_ns() + FETCH_NS);
}
