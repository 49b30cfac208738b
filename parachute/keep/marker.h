/*
 * The marker: brings the marker files (marks.h) in line with the truth, by a clerk, so that the
 * loop never touches the disk.
 *
 * Errors: logged, once, and again when it is well; it goes on trying. Threads: the loop's thread
 * only; nothing blocks.
 */
#ifndef PARACHUTE_MARKER_H
#define PARACHUTE_MARKER_H

#include <stddef.h>
#include <stdint.h>

struct marker;
struct waits;

/* What is given is borrowed for the marker's life. NULL where memory is short. */
struct marker *marker_new(struct waits *waits, const char *run_dir, const char *const *names,
                          size_t count);
void marker_free(struct marker *marker);

/* Since when the node and each disk are activated, wall clock seconds; 0: they are not. */
void marker_mark(struct marker *marker, int64_t node_s, const int64_t *disk_s);

#endif
