#include "collector/mounts.h"

#include "collector/decimal.h"
#include "collector/reach.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_BEFORE_OPTIONAL = 6, FIELD_POINT = 4 };

struct field {
    const char *at;
    size_t len;
};

/* The next field up to a space or the line's end; false where none is left. */
static bool next_field(const char **at, const char *end, struct field *field)
{
    if (*at >= end)
        return false;

    const char *space = memchr(*at, ' ', (size_t)(end - *at));
    const char *stop = space ? space : end;
    *field = (struct field){.at = *at, .len = (size_t)(stop - *at)};
    *at = space ? space + 1 : end;
    return true;
}

static bool take_number(const char *at, size_t len, uint64_t *number)
{
    const char *end = at + len;

    return decimal_take(&at, end, number) && at == end && *number != UINT64_MAX;
}

static bool take_device(struct field field, uint64_t *device)
{
    const char *colon = memchr(field.at, ':', field.len);
    uint64_t major = 0;
    uint64_t minor = 0;

    if (!colon || !take_number(field.at, (size_t)(colon - field.at), &major) ||
        !take_number(colon + 1, field.len - (size_t)(colon + 1 - field.at), &minor) ||
        major > UINT32_MAX || minor > UINT32_MAX)
        return false;
    *device = major << 32 | minor;
    return true;
}

static bool is_octal(const char *at, const char *end)
{
    if (end - at < 4 || at[0] != '\\' || at[1] < '0' || at[1] > '3')
        return false;
    return at[2] >= '0' && at[2] <= '7' && at[3] >= '0' && at[3] <= '7';
}

/* Decodes the octal escapes to `out` and ends it with a NUL; 0 for what is no absolute path. */
static size_t decode(char *out, struct field field)
{
    const char *end = field.at + field.len;
    size_t len = 0;

    for (const char *at = field.at; at < end; len++) {
        if (is_octal(at, end)) {
            out[len] = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            at += 4;
        } else {
            out[len] = *at++;
        }
        if (out[len] == '\0')
            return 0;
    }
    out[len] = '\0';
    return len > 0 && out[0] == '/' ? len : 0;
}

/*
 * id parent major:minor root point options [optional ...] - type [source] [super options]
 * What follows the type may be empty. Where it speaks of quotas, numbers may have to be read first.
 */
static bool take_line(struct mount *mount, char *point, const char *at, const char *end,
                      const struct fstypes *fstypes)
{
    static const char quota[] = "quota";
    struct field fields[FIELDS_BEFORE_OPTIONAL];
    struct field field = {0};

    for (int i = 0; i < FIELDS_BEFORE_OPTIONAL; i++)
        if (!next_field(&at, end, &fields[i]) || fields[i].len == 0)
            return false;
    do {
        if (!next_field(&at, end, &field))
            return false;
    } while (field.len != 1 || *field.at != '-');
    if (!next_field(&at, end, &field) || field.len == 0)
        return false;

    mount->type = fstypes_judge(fstypes, field.at, field.len);
    mount->resident = fstypes_resident(field.at, field.len) &&
                      !memmem(at, (size_t)(end - at), quota, sizeof quota - 1);
    mount->point = point;
    mount->point_len = decode(point, fields[FIELD_POINT]);
    return mount->point_len > 0 && take_number(fields[0].at, fields[0].len, &mount->id) &&
           take_number(fields[1].at, fields[1].len, &mount->parent) &&
           take_device(fields[2], &mount->device);
}

static size_t count_lines(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

int mounts_parse(struct mounts *mounts, const char *text, size_t len, const struct fstypes *fstypes)
{
    /* The system's own /proc is a mount too: a table that is empty is none. */
    if (len == 0 || text[len - 1] != '\n')
        return -1;
    mounts->list = calloc(count_lines(text, len) + 1, sizeof *mounts->list);
    mounts->points = malloc(len); /* each is shorter than its line, so there is room for its NUL */
    if (!mounts->list || !mounts->points)
        goto fail;

    char *point = mounts->points;
    const char *end = text + len;
    for (const char *line = text, *newline = NULL; line < end; line = newline + 1) {
        struct mount *mount = &mounts->list[mounts->count];

        newline = memchr(line, '\n', (size_t)(end - line));
        if (!take_line(mount, point, line, newline, fstypes))
            goto fail;
        point += mount->point_len + 1;
        mounts->count++;
    }
    if (reach_keep(mounts) == 0)
        return 0;
fail:
    mounts_clean(mounts);
    return -1;
}

void mounts_clean(struct mounts *mounts)
{
    free(mounts->list);
    free(mounts->points);
    *mounts = (struct mounts){0};
}
