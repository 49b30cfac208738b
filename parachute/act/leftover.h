/*
 * The leftover: a run that an agent before this one had begun. It is over when its supervisor is
 * gone, and its command too, if the supervisor was killed; how it ended, the recall's file says
 * then, or nobody knows.
 *
 * Both are looked at ten times a second. A command without a supervisor is an orphan. A supervisor
 * without a command writes down the end; one that is still at that after 10 s hangs on its disk.
 *
 * Errors: logged. Threads: the loop's thread only.
 */
#ifndef PARACHUTE_LEFTOVER_H
#define PARACHUTE_LEFTOVER_H

#include "parachute/keep/recall.h"
#include "parachute/keep/record.h"
#include "parachute/run/orphan.h"
#include "parachute/run/process.h"
#include "parachute/waits.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero: none. */
struct leftover {
    struct waits *waits;
    struct recall *recall;
    struct wait wait;
    bool watching;
    bool fetching; /* how it ended */
    struct process supervisor;
    struct process command;
    unsigned timeout_ms;
    int64_t give_up_ns; /* the supervisor; monotonic. 0: the command is not gone */
    struct orphan orphan;
};

/*
 * Takes up what the record names as under way. False: it is over already. Else it is active until
 * the recall has `fetched` its end, which goes to leftover_over. `timeout_ms` is the orphan's.
 */
bool leftover_watch(struct leftover *leftover, struct waits *waits, struct recall *recall,
                    const struct record *record, unsigned timeout_ms);

bool leftover_active(const struct leftover *leftover);

/* It is over: the record's plan goes on, with the end that was found, or with none. */
void leftover_over(struct leftover *leftover, struct record *record, const struct plan_rules *rules,
                   const struct record_end *end, struct plan_now now);

/* Watches no more. */
void leftover_end(struct leftover *leftover);

#endif
