/*
 * The marker files, for scripts and other people's tools: the clerk's work in `run_dir`/parachute/.
 *
 *      parachute-activated           the node
 *      parachute-activated-<disk>    each observed disk, by its name
 *
 * An empty file says: not activated. Else it holds one line: since when, in seconds since the Unix
 * epoch, and the names of the activated disks (in a disk's own file, its name). The node's file is
 * the last to change. One that is right already is not touched.
 *
 * A file appears whole or not at all: it is written beside its place and renamed, so that no link
 * is ever followed and no foreign file written to. What stands in its place goes, but for a
 * directory. The folder is made with mode 0755; it must be a directory of the agent's own user, no
 * link, that nobody else can write to. Markers of disks that are no longer observed, and what a
 * crash left half written, go when the folder is opened. `run_dir` may be a link only if root or
 * the agent's own user made it.
 *
 * Errors: 0 or errno; the first that came, the other files are brought in line all the same. The
 * answer then says in words what it is about, without an end mark: "parachute-activated: Is a
 * directory". Threads: a process of its own.
 */
#ifndef PARACHUTE_MARKS_H
#define PARACHUTE_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define MARKS_FOLDER "parachute"
#define MARKS_NODE "parachute-activated"
#define MARKS_DISKS_MAX 1024
#define MARKS_ANSWER_MAX 512 /* bytes */

struct marks {
    const char *run_dir;      /* made where only its last part is missing */
    const char *const *names; /* of the disks; each can be part of a file's name */
    size_t count;
};

/* The truth, as a job: since when the node and each disk are activated, wall clock seconds; 0: they
 * are not. */
struct marks_job {
    int64_t node_s;
    int64_t disk_s[MARKS_DISKS_MAX]; /* `count` of them are sent */
};

/* The two as a clerk's work. Both open the folder anew, so that one that was lost is made again. */
int marks_open(void *marks, void *answer, size_t *len);
int marks_do(void *marks, const void *job, size_t len, void *answer, size_t *answer_len);

#endif
