#include "collector/fstypes.h"

#include <string.h>

static bool same(const char *text, const char *bytes, size_t len)
{
    return strlen(text) == len && memcmp(text, bytes, len) == 0;
}

int fstypes_check(const struct fstypes *fstypes)
{
    const char *end = fstypes->text + fstypes->len;

    if (fstypes->len == 0 || end[-1] != '\n')
        return -1;
    for (const char *line = fstypes->text, *newline = NULL; line < end; line = newline + 1) {
        newline = memchr(line, '\n', (size_t)(end - line));
        if (!memchr(line, '\t', (size_t)(newline - line)))
            return -1;
    }
    return 0;
}

/* Whether the kernel lists the type as one that lies on a device: `<tab><type>`. */
static bool on_device(const struct fstypes *fstypes, const char *type, size_t len)
{
    const char *end = fstypes->text + fstypes->len;

    for (const char *line = fstypes->text, *newline = NULL; line < end; line = newline + 1) {
        newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline)
            return false;
        if (*line == '\t' && (size_t)(newline - line) == len + 1 &&
            memcmp(line + 1, type, len) == 0)
            return true;
    }
    return false;
}

enum fstype fstypes_judge(const struct fstypes *fstypes, const char *type, size_t len)
{
    const char *dot = memchr(type, '.', len);
    size_t kernel_len = dot ? (size_t)(dot - type) : len;

    if (same("autofs", type, kernel_len))
        return FSTYPE_AUTOMOUNT;
    if (same("squashfs", type, kernel_len) || same("iso9660", type, kernel_len))
        return FSTYPE_VIRTUAL;
    for (size_t i = 0; i < fstypes->extra->count; i++)
        if (same(fstypes->extra->list[i], type, len) ||
            same(fstypes->extra->list[i], type, kernel_len))
            return FSTYPE_PHYSICAL;
    return on_device(fstypes, type, kernel_len) ? FSTYPE_PHYSICAL : FSTYPE_VIRTUAL;
}

/* xfs is none: before Linux 5.19 it first waits for inodes that are being freed. */
bool fstypes_resident(const char *type, size_t len)
{
    return same("ext4", type, len) || same("ext3", type, len) || same("ext2", type, len);
}
