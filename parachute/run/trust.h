/*
 * Whether nobody but root and this process's own (effective) user can have a say in what a file
 * holds: it is theirs, and neither the file nor a directory above it can be written by others. A
 * directory with the sticky bit, such as /tmp, passes: nobody can replace there what is not his.
 * Symbolic links are followed, each step of them checked alike.
 *
 * Errors: -1, and `why` (TRUST_WHY_MAX bytes) goes on from "must be a file ... (": which part of
 * the path, and what to do. Only calls that are safe after a fork. Threads: any.
 */
#ifndef PARACHUTE_TRUST_H
#define PARACHUTE_TRUST_H

#include <sys/types.h>

#define TRUST_WHY_MAX 240

/* As whom a file is to be executed. */
struct trust_user {
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* the supplementary ones */
    size_t group_count;
};

/* Its address says: as this process itself. What it holds means nothing. */
extern const struct trust_user trust_ourselves;

/*
 * Opens the regular file at the absolute `path` with O_PATH | O_CLOEXEC, so that what was checked
 * can be executed (execveat(2)).
 *
 *   NULL               it is only read, such as a configuration: execution is not looked at
 *   &trust_ourselves   this process must be able to execute it
 *   another            that user must be able to enter the directories and execute it, as the mode
 *                      bits have it; root needs one x bit at all
 */
int trust_open(const char *path, const struct trust_user *user, char *why);

#endif
