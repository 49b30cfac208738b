/*
 * prefill DIR SIZE_BYTES N T [NAMESPACE] [INTERVAL_S]
 *
 * Writes the ring file of a state_dir as an agent with `state_size` SIZE_BYTES would have left it:
 * N snapshots, the newest of second T, through the ring's own encoder. So a test of a long history
 * or outage need not wait for one. What does not fit in SIZE_BYTES is the oldest, as ever. No
 * target has a position in it, so each is owed all.
 *
 * The series are those of a node with 2 CPUs and 3 disks; their values move as such a node's do,
 * and are the same at each call. The value of `system.load.load1` is the snapshot's age in
 * intervals.
 */
#include "base/series.h"
#include "base/snapshot.h"
#include "emitter/ring/outgoing.h"
#include "emitter/ring/ring.h"
#include "emitter/ring/ringfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIB (INT64_C(1) << 30)
#define KIB 1024
#define LOAD 10000 /* a hundredth, which is the kernel's last digit */

/* How a series moves from one snapshot to the next. */
enum motion {
    STILL,
    AGE,    /* ..., 2, 1, 0: the newest is 0 */
    TIMES,  /* a counter of milliseconds: grows by about `step` each second */
    WANDERS /* up and down by at most `step` units, in one snapshot of `seldom` */
};

static const struct row {
    const char *specific;
    int64_t value; /* of the first snapshot */
    int64_t step;
    enum motion motion;
    unsigned seldom;
    int64_t unit;
} rows[] = {
    {"system.cpu.error", 0, 0, STILL, 0, 0},
    {"system.cpu0.user", 1280540, 30, TIMES, 0, 0},
    {"system.cpu0.system", 525390, 10, TIMES, 0, 0},
    {"system.cpu0.idle", 91025390, 960, TIMES, 0, 0},
    {"system.cpu1.user", 1380210, 40, TIMES, 0, 0},
    {"system.cpu1.system", 495120, 10, TIMES, 0, 0},
    {"system.cpu1.idle", 90925000, 950, TIMES, 0, 0},
    {"system.load.error", 0, 0, STILL, 0, 0},
    {"system.load.load1", 0, 0, AGE, 0, 0},
    {"system.load.load5", 250000, 2, WANDERS, 5, LOAD},
    {"system.load.load15", 200000, 1, WANDERS, 5, LOAD},
    {"system.memory.error", 0, 0, STILL, 0, 0},
    {"system.memory.total", 8 * GIB, 0, STILL, 0, 0},
    {"system.memory.used", 3 * GIB, 800, WANDERS, 1, KIB},
    {"system.memory.free", 2 * GIB, 800, WANDERS, 1, KIB},
    {"system.memory.shared", GIB / 8, 4, WANDERS, 60, KIB},
    {"system.memory.buffers", GIB / 4, 4, WANDERS, 5, KIB},
    {"system.memory.cached", 2 * GIB, 80, WANDERS, 2, KIB},
    {"system.swap.error", 0, 0, STILL, 0, 0},
    {"system.swap.total", 0, 0, STILL, 0, 0},
    {"system.swap.used", 0, 0, STILL, 0, 0},
    {"system.swap.free", 0, 0, STILL, 0, 0},
    {"system.disk.error", 0, 0, STILL, 0, 0},
    {"system.disk.system.error", 0, 0, STILL, 0, 0},
    {"system.disk.system.total", 250 * GIB, 0, STILL, 0, 0},
    {"system.disk.system.used", 20 * GIB, 16, WANDERS, 10, KIB},
    {"system.disk.system.free", 220 * GIB, 16, WANDERS, 10, KIB},
    {"system.disk.ephemeral.error", 0, 0, STILL, 0, 0},
    {"system.disk.ephemeral.total", 64 * GIB, 0, STILL, 0, 0},
    {"system.disk.ephemeral.used", 10 * GIB, 40, WANDERS, 5, KIB},
    {"system.disk.ephemeral.free", 50 * GIB, 40, WANDERS, 5, KIB},
    {"system.disk.persistent.error", 0, 0, STILL, 0, 0},
    {"system.disk.persistent.total", 64 * GIB, 0, STILL, 0, 0},
    {"system.disk.persistent.used", 30 * GIB, 400, WANDERS, 2, KIB},
    {"system.disk.persistent.free", 30 * GIB, 400, WANDERS, 2, KIB},
    {"parachute.error", 0, 0, STILL, 0, 0},
    {"parachute.activated", 0, 0, STILL, 0, 0},
    {"parachute.disk.persistent.error", 0, 0, STILL, 0, 0},
    {"parachute.disk.persistent.total", 64 * GIB, 0, STILL, 0, 0},
    {"parachute.disk.persistent.used", 30 * GIB, 400, WANDERS, 2, KIB},
    {"parachute.disk.persistent.used_percent", 50, 0, STILL, 0, 0},
    {"parachute.disk.persistent.used_threshold", 80, 0, STILL, 0, 0},
    {"parachute.disk.persistent.free", 30 * GIB, 400, WANDERS, 2, KIB},
    {"parachute.disk.persistent.activated", 0, 0, STILL, 0, 0},
};

enum { ROWS = sizeof rows / sizeof *rows };

static void give_up(const char *what)
{
    fprintf(stderr, "prefill: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* 0..below-1; the same sequence at each call of the program. */
static int64_t chance(int64_t below)
{
    static uint64_t state = 1;

    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((state >> 33) % (uint64_t)below);
}

static int64_t move(const struct row *row, int64_t value, int64_t seconds)
{
    switch (row->motion) {
    case TIMES: /* the kernel counts in hundredths */
        return value + (row->step + 10 * (chance(5) - 2)) * seconds;
    case WANDERS:
        if (chance(row->seldom) > 0)
            return value;
        int64_t to = value + (chance(2 * row->step + 1) - row->step) * row->unit;
        return to < 0 ? 0 : to;
    default:
        return value;
    }
}

static void fill(struct ring *ring, struct series_table *series, int64_t count, int64_t newest_s,
                 int64_t interval_s)
{
    struct snapshot snapshot = {0};
    uint32_t numbers[ROWS];
    int64_t values[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        numbers[i] = series_intern(series, "%s", rows[i].specific);
        values[i] = rows[i].value;
    }
    for (int64_t age = count - 1; age >= 0; age--) {
        snapshot_clear(&snapshot, newest_s - age * interval_s);
        for (size_t i = 0; i < ROWS; i++) {
            values[i] = rows[i].motion == AGE ? age : move(&rows[i], values[i], interval_s);
            snapshot_add(&snapshot, numbers[i], (uint64_t)values[i]);
        }
        if (snapshot.failed || ring_append(ring, &snapshot) < 0)
            give_up("append");
    }
    snapshot_clean(&snapshot);
    for (size_t i = 0; i < ROWS; i++)
        series_release(series, numbers[i]);
}

static void put(int file, uint64_t at, const void *bytes, size_t len)
{
    if (pwrite(file, bytes, len, (off_t)at) != (ssize_t)len)
        give_up("write");
}

/* What the store hands its scribe, piece by piece; at last the positions alone, as at its end. */
static void write_all(int file, const struct ring *ring)
{
    static struct scribe_message message; /* too large for a stack */
    struct outgoing outgoing = {0};

    for (bool last = false; !last;) {
        struct positions positions = {0};
        const uint8_t *bytes = message.bytes;

        last = !outgoing_any(&outgoing, ring);
        if (outgoing_next(&outgoing, ring, &positions, &message) < 0)
            give_up("encode");
        for (size_t i = 0; i < SCRIBE_PIECES; i++) {
            put(file, message.pieces[i].at, bytes, message.pieces[i].len);
            bytes += message.pieces[i].len;
        }
        outgoing_done(&outgoing);
        positions_clean(&positions);
    }
}

static int create(const char *dir, uint64_t data_bytes)
{
    uint8_t header[RINGFILE_HEADERS_BYTES];
    char path[4096];

    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        give_up(dir);
    if (snprintf(path, sizeof path, "%s/ring", dir) >= (int)sizeof path)
        give_up(dir);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (file < 0)
        give_up(path);
    ringfile_header(data_bytes, header);
    put(file, 0, header, sizeof header);
    return file;
}

static int64_t number(const char *text, int64_t least)
{
    char *end = NULL;

    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end || value < least) {
        fprintf(stderr, "prefill: %s: must be a number, at least %" PRId64 "\n", text, least);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 7) {
        fprintf(stderr, "usage: prefill DIR SIZE_BYTES N T [NAMESPACE] [INTERVAL_S]\n");
        return 2;
    }
    uint64_t data_bytes = (uint64_t)number(argv[2], 65536) - RINGFILE_DATA_AT;
    int64_t count = number(argv[3], 1);
    int64_t newest_s = number(argv[4], 0);
    struct series_table *series = series_table_new(argc > 5 ? argv[5] : "e2e.0");
    struct ring *ring = ring_new(&(struct ring_options){.capacity = (size_t)count}, series);

    if (!series || !ring)
        give_up("ring");
    ring_settle(ring, data_bytes);
    fill(ring, series, count, newest_s, argc > 6 ? number(argv[6], 1) : 1);
    int file = create(argv[1], data_bytes);
    write_all(file, ring);
    if (close(file) < 0)
        give_up("close");
    printf("%zu snapshots of %d series\n", ring_count(ring), ROWS);
    ring_free(ring);
    series_table_free(series);
    return 0;
}
