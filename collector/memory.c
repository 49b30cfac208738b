#include "collector/memory.h"

#include "base/log.h"
#include "collector/decimal.h"
#include "collector/procfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KB 1024

/* The lines of meminfo that are of use. */
enum line {
    MEM_TOTAL,
    MEM_FREE,
    BUFFERS,
    CACHED,
    SHMEM,
    SRECLAIMABLE,
    SWAP_TOTAL,
    SWAP_FREE,
    LINES,
};

static const char line_heads[LINES][16] = {"MemTotal:", "MemFree:",      "Buffers:",   "Cached:",
                                           "Shmem:",    "SReclaimable:", "SwapTotal:", "SwapFree:"};

/* What is emitted, in its order. */
enum point {
    MEMORY_ERROR,
    MEMORY_TOTAL,
    MEMORY_USED,
    MEMORY_FREE,
    MEMORY_SHARED,
    MEMORY_BUFFERS,
    MEMORY_CACHED,
    SWAP_ERROR,
    SWAP_POINT_TOTAL,
    SWAP_POINT_USED,
    SWAP_POINT_FREE,
    POINTS,
};

static const char *const point_names[POINTS] = {"memory.error",  "memory.total",  "memory.used",
                                                "memory.free",   "memory.shared", "memory.buffers",
                                                "memory.cached", "swap.error",    "swap.total",
                                                "swap.used",     "swap.free"};

/* One reading of the file. */
struct meminfo {
    bool has[LINES];
    bool spoilt[LINES]; /* the line is there and is not understood */
    uint64_t bytes[LINES];
    int found; /* how many there are, so far */
    bool torn; /* the last line has no end, so lines may be missing */
};

struct memory {
    struct series_table *series;
    struct procfile file;
    uint32_t point_series[POINTS];
    bool memory_error;
    bool swap_error;
    struct meminfo now;
    struct log_complaint memory_complaint;
    struct log_complaint swap_complaint;
};

struct memory *memory_new(const char *proc, struct series_table *series)
{
    struct memory *memory = calloc(1, sizeof *memory);
    bool complete = true;

    if (!memory)
        return NULL;
    memory->series = series;
    memory->memory_error = memory->swap_error = true;
    for (int i = 0; i < POINTS; i++) {
        memory->point_series[i] = series_intern(series, "system.%s", point_names[i]);
        complete = complete && memory->point_series[i] != SERIES_NONE;
    }
    if (complete && procfile_open(&memory->file, proc, "meminfo", true) == 0)
        return memory;
    memory_free(memory);
    return NULL;
}

void memory_free(struct memory *memory)
{
    if (!memory)
        return;
    for (int i = 0; i < POINTS; i++)
        series_release(memory->series, memory->point_series[i]);
    procfile_close(&memory->file);
    free(memory);
}

static bool begins(const char *at, const char *end, const char *head)
{
    size_t len = strlen(head);

    return (size_t)(end - at) >= len && memcmp(at, head, len) == 0;
}

/* Which of our lines it is; LINES, as for most of them: none. */
static enum line find_line(const char *at, const char *end)
{
    enum line line = 0;

    while (line < LINES && (*at != *line_heads[line] || !begins(at, end, line_heads[line])))
        line++;
    return line;
}

/* `<name>:`, blanks, digits, ` kB`. Lines of other names are none of ours. */
static void take_line(struct meminfo *meminfo, const char *at, const char *end)
{
    static const char unit[] = " kB";
    enum line line = find_line(at, end);

    if (line == LINES)
        return;
    at += strlen(line_heads[line]);
    while (at < end && *at == ' ')
        at++;
    uint64_t number = 0;
    if (decimal_take(&at, end, &number) && (size_t)(end - at) == sizeof unit - 1 &&
        memcmp(at, unit, sizeof unit - 1) == 0) {
        meminfo->bytes[line] = decimal_multiply(number, KB);
        meminfo->found += !meminfo->has[line];
        meminfo->has[line] = true;
    } else {
        meminfo->spoilt[line] = true;
    }
}

/* Behind the last of ours come as many lines again, which are left alone. */
static void take_text(struct meminfo *meminfo, const char *text, size_t len)
{
    const char *end = text + len;

    *meminfo = (struct meminfo){0};
    for (const char *line = text, *newline = NULL; line < end && meminfo->found < LINES;
         line = newline + 1) {
        newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline) {
            meminfo->torn = true;
            break;
        }
        take_line(meminfo, line, newline);
    }
}

/* NULL, or why the lines first..last cannot be used. Those from `optional` on may be missing, but
 * not from a file that lost its end. */
static const char *judge(const struct meminfo *meminfo, int first, int last, int optional)
{
    for (int i = first; i <= last; i++) {
        if (meminfo->spoilt[i])
            return "not understood";
        if (!meminfo->has[i] && meminfo->torn)
            return "torn";
        if (!meminfo->has[i] && i < optional)
            return "lacks a line";
    }
    return NULL;
}

static bool tell(struct log_complaint *complaint, const char *group, const char *path,
                 const char *why)
{
    if (why)
        log_complain(complaint, LOG_LEVEL_WARNING, "%s: %s: %s", group, path, why);
    else
        log_relieve(complaint, "%s: %s can be read again", group, path);
    return why;
}

void memory_read(struct memory *memory)
{
    struct meminfo *now = &memory->now;
    const char *memory_why = NULL;
    const char *swap_why = NULL;

    if (procfile_read(&memory->file) < 0) {
        memory_why = swap_why = strerror(errno);
    } else {
        take_text(now, memory->file.text, memory->file.len);
        memory_why = judge(now, MEM_TOTAL, SRECLAIMABLE, SHMEM);
        swap_why = judge(now, SWAP_TOTAL, SWAP_FREE, LINES);
    }
    memory->memory_error = tell(&memory->memory_complaint, "memory", memory->file.path, memory_why);
    memory->swap_error = tell(&memory->swap_complaint, "swap", memory->file.path, swap_why);
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

static void emit_memory(const struct memory *memory, struct snapshot *snapshot)
{
    const uint64_t *bytes = memory->now.bytes;
    const uint32_t *series = memory->point_series;
    uint64_t unused = decimal_add(decimal_add(bytes[MEM_FREE], bytes[CACHED]),
                                  decimal_add(bytes[BUFFERS], bytes[SRECLAIMABLE]));

    snapshot_add(snapshot, series[MEMORY_TOTAL], bytes[MEM_TOTAL]);
    snapshot_add(snapshot, series[MEMORY_USED], less(bytes[MEM_TOTAL], unused));
    snapshot_add(snapshot, series[MEMORY_FREE], bytes[MEM_FREE]);
    if (memory->now.has[SHMEM])
        snapshot_add(snapshot, series[MEMORY_SHARED], bytes[SHMEM]);
    snapshot_add(snapshot, series[MEMORY_BUFFERS], bytes[BUFFERS]);
    snapshot_add(snapshot, series[MEMORY_CACHED], bytes[CACHED]);
}

static void emit_swap(const struct memory *memory, struct snapshot *snapshot)
{
    const uint32_t *series = memory->point_series;
    uint64_t total = memory->now.bytes[SWAP_TOTAL];
    uint64_t used = less(total, memory->now.bytes[SWAP_FREE]);

    snapshot_add(snapshot, series[SWAP_POINT_TOTAL], total);
    snapshot_add(snapshot, series[SWAP_POINT_USED], used);
    snapshot_add(snapshot, series[SWAP_POINT_FREE], total - used);
}

void memory_emit(const struct memory *memory, struct snapshot *snapshot)
{
    snapshot_add(snapshot, memory->point_series[MEMORY_ERROR], memory->memory_error);
    if (!memory->memory_error)
        emit_memory(memory, snapshot);
    snapshot_add(snapshot, memory->point_series[SWAP_ERROR], memory->swap_error);
    if (!memory->swap_error)
        emit_swap(memory, snapshot);
}
