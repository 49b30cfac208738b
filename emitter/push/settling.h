/*
 * What the peer's TCP has acknowledged and its process may not have kept yet: carbon holds lines in
 * buffers that die with it, and then its connection breaks. So a snapshot counts as delivered only
 * when its connection outlived the acknowledgement by `settle`, and 1 MiB more was acknowledged
 * after it: what died was in the last seconds or in the last buffers.
 *
 * Kept are not single snapshots but at most 17 groups of them, each as old as its latest. A group
 * takes in what comes until it spans a sixteenth of both measures; then the next one begins. It is
 * released as a whole.
 *
 *   Why 17 are enough: let 17 groups be there and the next one begin. From the end of the oldest up
 *   to now the 16 others passed, each of which spans a sixteenth of both measures. So the oldest
 *   meets them and was released.
 *
 * Errors: none, nothing is allocated. Threads: any, nothing is shared. Times are monotonic.
 */
#ifndef EMITTER_SETTLING_H
#define EMITTER_SETTLING_H

#include "emitter/push/loss.h"
#include "emitter/ring/owed.h"

#include <stddef.h>
#include <stdint.h>

#define SETTLING_BYTES (UINT64_C(1) << 20)
#define SETTLING_SPANS 16
#define SETTLING_GROUPS (SETTLING_SPANS + 1)

struct settling_group {
    struct owed numbers;
    struct loss at_stake; /* what is lost with it, if the ring has lost it too */
    int64_t first_ns;     /* when its first and its last one were acknowledged */
    int64_t last_ns;
    uint64_t begin; /* where its bytes begin and end among all that were sent */
    uint64_t end;
};

/* All zero but `settle_ns`: nothing is settling. */
struct settling {
    int64_t settle_ns;
    struct settling_group groups[SETTLING_GROUPS]; /* a queue, oldest at `oldest` */
    size_t oldest;
    size_t count;
    uint64_t end; /* of the bytes acknowledged */
};

struct settling_entry {
    uint64_t number;
    int64_t timestamp_s;
    uint64_t end; /* how many bytes were sent with it, ever */
};

/* That snapshot is acknowledged now; entries come in the order in which they were sent. */
void settling_add(struct settling *settling, const struct settling_entry *entry, int64_t now_ns);

/* Owes all that is settling. */
void settling_list(const struct settling *settling, struct owed *owed);

/*
 * The connection broke: all that is settling is owed again, and nothing is settling any more. What
 * is below `first` is gone from the ring: it is added to `loss` where it was acknowledged in the
 * last `settle`, and counts as delivered else.
 */
void settling_break(struct settling *settling, int64_t now_ns, uint64_t first, struct owed *owed,
                    struct loss *loss);

#endif
