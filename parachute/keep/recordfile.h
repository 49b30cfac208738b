/*
 * The file `state_dir`/parachute, held and locked: the keeper's hands. All calls here touch a disk,
 * and may take as long as it likes.
 *
 * Whoever holds the file has an exclusive flock(2) on it, and has seen afterwards that it still
 * stands under its name. A new file is filled under RECORDFILE_NEXT, locked too, and renamed when
 * all of it is on the disk.
 *
 * Errors: 0 or errno. Threads: the keeper is a process of its own.
 */
#ifndef PARACHUTE_RECORDFILE_H
#define PARACHUTE_RECORDFILE_H

#include "parachute/keep/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDFILE_NAME "parachute"
#define RECORDFILE_NEXT "parachute.next"
#define RECORDFILE_ASIDE "parachute.aside"

/* All zero: not held. */
struct recordfile {
    int fd;            /* 0 or -1: it is not held */
    bool unsynced;     /* what was read may still be on its way to the disk: see to it first */
    uint64_t turn;     /* of the newest state that is on the disk; 0: there is none */
    unsigned place;    /* of the slot that is written next: never that state's */
    bool made;         /* the file was not there, and was made */
    const char *aside; /* why what stood there was set aside; NULL: nothing was */
};

/*
 * Holds the file, whatever became of it meanwhile: where it is gone, or no file of ours any more,
 * there is a new one then, and `made` and `aside` say so. `bytes` is scratch room of RECORD_BYTES.
 */
int recordfile_hold(struct recordfile *file, const char *dir, uint8_t *bytes);
void recordfile_drop(struct recordfile *file);

/* All RECORD_BYTES of it. */
int recordfile_read(const struct recordfile *file, uint8_t *bytes);

/* The same without holding it, where it cannot be held: on a disk that is read-only, perhaps. */
int recordfile_peek(const char *dir, uint8_t *bytes);

/* Stamps the slot with the next turn, and writes it over the older one, durably. */
int recordfile_store(struct recordfile *file, uint8_t *slot, size_t len);

#endif
