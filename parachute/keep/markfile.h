/*
 * A marker file: there whole or not at all, a file of the agent's own user with mode 0644. It is
 * written beside its place and renamed. One that is right already is not touched, so that whoever
 * watches it sleeps on.
 *
 * Errors: -1 with errno, EISDIR where a directory is in its place. Threads: any; only one process
 * at a time may write in a folder, and nobody else can.
 */
#ifndef PARACHUTE_MARKFILE_H
#define PARACHUTE_MARKFILE_H

#include "base/bytes.h"

/* Where it is written first. A crash may leave it; it must go before anything is written. */
#define MARKFILE_BESIDE ".parachute-activated.new"

/* Makes the file hold the line; one that `failed` is ENOMEM. */
int markfile_write(int folder, const char *name, const struct bytes *line);

#endif
