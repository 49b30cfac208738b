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

/* What is given is copied. NULL, with errno, where memory is short, or they are more than
 * MARKS_DISKS_MAX. */
struct marker *marker_new(struct waits *waits, const char *run_dir, const char *const *names,
                          size_t count);
void marker_free(struct marker *marker);

/*
 * Other disks; since when the node and each of them are activated. Where the names are the same all
 * stays as it is. Markers of names that are gone go, those of the others are there all the time;
 * nothing is marked before the first marker_mark. -1 with errno, as marker_new: all is as before.
 */
int marker_adapt(struct marker *marker, const char *const *names, size_t count, int64_t node_s,
                 const int64_t *disk_s);

/* Since when the node and each disk are activated, wall clock seconds; 0: they are not. */
void marker_mark(struct marker *marker, int64_t node_s, const int64_t *disk_s);

#endif
