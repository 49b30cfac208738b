/*
 * What the parachute waits for, descriptors and times, behind one descriptor that the loop can
 * watch: the room knows no event library.
 *
 * Errors: -1 with errno. Threads: the loop's thread only. A wait is a struct of its owner's; all
 * zero it waits for nothing. It must be ended before it goes, and before its waits are freed; it
 * may be ended at any time, also from within a callback, its own too.
 */
#ifndef PARACHUTE_WAITS_H
#define PARACHUTE_WAITS_H

#include <stdbool.h>
#include <stdint.h>

struct waits;

struct wait {
    void (*ready)(void *arg); /* the descriptor is readable, or broken */
    void (*due)(void *arg);   /* the time has come; it is forgotten before the call */
    void *arg;

    /* Its own. */
    struct waits *waits;
    int fd; /* that is watched, if `watching` */
    bool watching;
    int64_t at_ns; /* 0: none */
    struct wait *next;
    struct wait **link;
};

/* NULL, with errno, where memory or descriptors are short. */
struct waits *waits_new(void);
void waits_free(struct waits *waits);

/* Readable when waits_dispatch has something to do; the same for the life of the waits. */
int waits_fd(const struct waits *waits);

/* Calls what is ready, some of it where that is much, and each time that is due, once. Returns
 * soon, whatever comes. Not from within a callback. */
void waits_dispatch(struct waits *waits);

/* Watches the descriptor, as the only one of this wait. -1: none is watched. */
int wait_for(struct waits *waits, struct wait *wait, int fd);

/* Instead of an earlier time, monotonic; 0: no more. A time that is over already is due at the
 * next dispatch. */
void wait_until(struct waits *waits, struct wait *wait, int64_t at_ns);

/* Neither descriptor nor time any more. Before the descriptor is closed. */
void wait_end(struct wait *wait);

#endif
