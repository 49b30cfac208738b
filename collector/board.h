/*
 * The board: a batch of mount points to be read, in memory that the agent shares with one helper
 * process. The agent writes the entries and opens the board; the helper claims one after the other
 * and writes each result. At any moment the agent sees which entry is under way, and can close the
 * board behind it, so that no further one is claimed:
 *
 *      done        claimed         count
 *        v            v              v
 *   [ read | read | under way |  -  |  -  ]
 *
 * Errors: -1, nothing is logged. Threads: one agent and one helper; who may call what is said
 * below.
 */
#ifndef COLLECTOR_BOARD_H
#define COLLECTOR_BOARD_H

#include "collector/statfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BOARD_ENTRIES 256

struct board;

/* Agent. Memory that a fork shares; NULL where there is none. */
struct board *board_new(void);
void board_free(struct board *board);

/* Agent, with no batch under way. Empties it. */
void board_clear(struct board *board);

/*
 * Agent, after board_clear. Adds an entry; entries are numbered from 0. -1: there is no room left;
 * with the board still empty, that path is too long for any.
 */
int board_add(struct board *board, const char *path, uint64_t mount_id);

/* Agent. Lets the helper begin. */
void board_open(struct board *board);

/* Agent. How many entries were read; their results stand. */
uint32_t board_done(const struct board *board);

/* Agent. How many entries were claimed, also after the board was closed. */
uint32_t board_claimed(const struct board *board);

/* Agent. Lets no further entry be claimed; false where `claimed` are no longer all that were. */
bool board_close(struct board *board, uint32_t claimed);

/* Agent. The result of an entry that was read. */
struct statfs_result board_result(const struct board *board, uint32_t index);

/* Helper. Works through the batch; returns when all is claimed or the board closed. */
void board_work(struct board *board);

/* Helper, as the work of base/helper.h: one byte starts a batch, one goes back when it is through.
 */
void board_serve(void *board, pid_t agent);

#endif
