/*
 * What kind of file system a type is, judged by the text of <proc>/filesystems (SPEC 4.5).
 *
 * Errors: -1 for a text that is empty, torn or malformed. Threads: any, nothing is shared.
 */
#ifndef COLLECTOR_FSTYPES_H
#define COLLECTOR_FSTYPES_H

#include "collector/strings.h"

#include <stdbool.h>
#include <stddef.h>

enum fstype {
    FSTYPE_VIRTUAL,   /* no device of its own */
    FSTYPE_PHYSICAL,  /* on a device, or one of the extra types */
    FSTYPE_AUTOMOUNT, /* never to be touched */
};

/* Borrows all it points to. */
struct fstypes {
    const char *text; /* of filesystems */
    size_t len;
    const struct strings *extra; /* types that count as physical although they are nodev */
};

/* Whether the text is one. */
int fstypes_check(const struct fstypes *fstypes);

/* `type` is as in mountinfo: the kernel's type, which may be followed by a dot and a subtype. */
enum fstype fstypes_judge(const struct fstypes *fstypes, const char *type, size_t len);

/* Whether the numbers of such a file system are counters in memory: nobody who asks for them waits
 * for its device, but for those of a project quota. */
bool fstypes_resident(const char *type, size_t len);

#endif
