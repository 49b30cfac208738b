/*
 * A file under collector.proc, read whole again and again.
 *
 * On a real /proc the descriptor is kept, since a read from its start makes the text anew. A plain
 * file in a folder that stands for /proc is opened for each read: it may have been replaced or
 * removed.
 *
 * Errors: -1 with errno; the text is then empty. Nothing is logged here. Threads: one a struct.
 * Lifetimes: the text is good until the next read or close.
 */
#ifndef COLLECTOR_PROCFILE_H
#define COLLECTOR_PROCFILE_H

#include <stdbool.h>
#include <stddef.h>

struct procfile {
    char *path;
    int fd;     /* -1: not open */
    bool kept;  /* whether it stays open */
    bool whole; /* given to procfile_open */
    char *text; /* `len` bytes, no NUL at the end */
    size_t len;
    size_t capacity;
};

/* Names the file `<proc>/<name>`; it need not exist. `whole`: the kernel makes it in one piece, as
 * it does stat and meminfo, not line by line; so a read that leaves room has come to its end. */
int procfile_open(struct procfile *file, const char *proc, const char *name, bool whole);

/* Frees all; one that was never opened but is all zero is accepted. */
void procfile_close(struct procfile *file);

/* Opens it anew at the next read. */
void procfile_reopen(struct procfile *file);

/* Reads the whole file. A buffer that is large enough is used again. */
int procfile_read(struct procfile *file);

/*
 * Whether the kernel reports (POLLPRI) that the file changed since this was last asked, as it does
 * for mountinfo. Always true where it cannot tell, that is, for a file not kept open.
 */
bool procfile_changed(const struct procfile *file);

#endif
