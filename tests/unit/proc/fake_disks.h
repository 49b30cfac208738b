/*
 * A machine whose disks do as they are told: a folder that stands for /proc with their mount table,
 * and in the place of statfs.c a fake, called in the real helper processes, that shares memory with
 * the test. A disk that hangs does so until it is told otherwise.
 */
#ifndef TESTS_UNIT_PROC_FAKE_DISKS_H
#define TESTS_UNIT_PROC_FAKE_DISKS_H

#include "base/clock.h"
#include "collector/disks.h"
#include "collector/statfs.h"
#include "tests/unit/proc/cases.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define FAKE_DISKS 1100
#define FAKE_TOTAL(index) (1000000 + (uint64_t)(index)*1000)

/* Patience that no test waits out, and a time by which whatever does not wait is over. */
#define FAKE_LONG_NS (60 * CLOCK_NS_PER_S)
#define FAKE_SOON_NS (10 * CLOCK_NS_PER_S)
#define FAKE_SHORT_NS (200 * CLOCK_NS_PER_MS)

enum fake_mode {
    FAKE_OK,
    FAKE_HANG,
    FAKE_FAIL, /* with EIO */
    FAKE_NOT_DIRECTORY,
    FAKE_SIZELESS,
    FAKE_OTHER,
    FAKE_MOVED, /* another mount, and the file mountinfo.next becomes mountinfo */
    FAKE_DEADLY,
};

struct fake_disk {
    char point[64];
    char type[16];
    unsigned device;
    bool mounted;
    uint64_t total; /* 0: FAKE_TOTAL */
    bool at_once;   /* statfs_try answers; it must not be told to hang then */
    _Atomic int mode;
    _Atomic int calls;
    _Atomic int tries; /* that were answered, or failed */
    _Atomic int running;
    _Atomic int pid; /* the helper of the last call */
};

struct fake {
    char proc[64];
    int count;
    struct fake_disk disks[FAKE_DISKS];
    _Atomic int under_way[FAKE_DISKS]; /* calls, by device */
    _Atomic int overlaps;              /* times that a device had two */
};

static struct fake *fake;

static inline void fake_behave(struct fake_disk *disk, struct statfs_result *result)
{
    char from[128];
    char to[128];

    while (disk->mode == FAKE_HANG)
        usleep(500);
    switch ((int)disk->mode) {
    case FAKE_FAIL:
        *result = (struct statfs_result){.outcome = STATFS_FAILED, .error = EIO};
        break;
    case FAKE_NOT_DIRECTORY:
        *result = (struct statfs_result){.outcome = STATFS_NOT_DIRECTORY};
        break;
    case FAKE_SIZELESS:
        *result = (struct statfs_result){.outcome = STATFS_OK};
        break;
    case FAKE_MOVED:
        snprintf(from, sizeof from, "%s/self/mountinfo.next", fake->proc);
        snprintf(to, sizeof to, "%s/self/mountinfo", fake->proc);
        rename(from, to);
        break;
    case FAKE_DEADLY:
        _exit(1);
    case FAKE_OTHER:
        break;
    default:
        *result = (struct statfs_result){
            .outcome = STATFS_OK,
            .total_bytes = disk->total ? disk->total : FAKE_TOTAL(disk - fake->disks),
            .used_bytes = 600,
            .free_bytes = 300,
            .inodes_used = 20,
            .inodes_free = 10};
    }
}

/* NULL: another mount stands there. */
static inline struct fake_disk *fake_find(const char *path, uint64_t mount_id)
{
    bool known = mount_id < (uint64_t)fake->count;

    return known && strcmp(fake->disks[mount_id].point, path) == 0 ? &fake->disks[mount_id] : NULL;
}

bool statfs_try(const char *path, uint64_t mount_id, bool trusted, struct statfs_result *result)
{
    struct fake_disk *disk = fake_find(path, mount_id);

    (void)trusted;
    if (!disk || !disk->at_once)
        return false;
    assert_int_not_equal(disk->mode, FAKE_HANG);
    disk->tries++;
    *result = (struct statfs_result){.outcome = STATFS_OTHER_MOUNT};
    fake_behave(disk, result);
    return result->outcome != STATFS_FAILED;
}

void statfs_read(const char *path, uint64_t mount_id, struct statfs_result *result)
{
    struct fake_disk *disk = fake_find(path, mount_id);

    *result = (struct statfs_result){.outcome = STATFS_OTHER_MOUNT};
    if (!disk)
        return;
    disk->pid = getpid();
    if (fake->under_way[disk->device]++ > 0)
        fake->overlaps++;
    disk->calls++;
    disk->running++;
    fake_behave(disk, result);
    disk->running--;
    fake->under_way[disk->device]--;
}

/* Its number is its mount id too; it is on the device of that number unless that is changed. */
static inline int fake_add(const char *point, const char *type)
{
    struct fake_disk *disk = &fake->disks[fake->count];

    snprintf(disk->point, sizeof disk->point, "%s", point);
    snprintf(disk->type, sizeof disk->type, "%s", type);
    disk->device = (unsigned)fake->count;
    disk->mounted = true;
    return fake->count++;
}

static inline void fake_publish_as(const char *name)
{
    char path[128];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    fprintf(out, "5000 1 0:1 / /proc rw - proc proc rw\n");
    for (int i = 0; i < fake->count; i++)
        if (fake->disks[i].mounted)
            fprintf(out, "%d 1 7:%u / %s rw - %s /dev/x rw\n", i, fake->disks[i].device,
                    fake->disks[i].point, fake->disks[i].type);
    fclose(out);
    snprintf(path, sizeof path, "%s/self/%s", fake->proc, name);
    cases_write(path, text, size);
    free(text);
}

static inline void fake_publish(void)
{
    fake_publish_as("mountinfo");
}

static inline int fake_open(void **state)
{
    static const char types[] = "nodev\tproc\nnodev\ttmpfs\nnodev\tautofs\n\text4\n\txfs\n";
    char path[128];

    (void)state;
    fake = mmap(NULL, sizeof *fake, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(fake, MAP_FAILED);
    snprintf(fake->proc, sizeof fake->proc, "/tmp/altimeter-disks-XXXXXX");
    assert_non_null(mkdtemp(fake->proc));
    snprintf(path, sizeof path, "%s/self", fake->proc);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/filesystems", fake->proc);
    cases_write(path, types, sizeof types - 1);
    return 0;
}

static inline int fake_close(void **state)
{
    static const char *const files[] = {"self/mountinfo", "self/mountinfo.next", "filesystems"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", fake->proc, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/self", fake->proc);
    rmdir(path);
    rmdir(fake->proc);
    munmap(fake, sizeof *fake);
    return 0;
}

/* The disks under test, with their series. */
struct subject {
    struct series_table *series;
    struct disks *disks;
};

static inline struct subject subject_open(const struct collector_options *options)
{
    struct collector_options all = options ? *options : (struct collector_options){0};
    struct subject subject = {.series = series_table_new(CASES_PREFIX)};

    all.proc = fake->proc;
    fake_publish();
    subject.disks = disks_new(&all, subject.series);
    assert_non_null(subject.disks);
    return subject;
}

static inline void subject_close(struct subject *subject)
{
    disks_free(subject->disks);
    assert_int_equal(series_count(subject->series), 0);
    series_table_free(subject->series);
    assert_int_equal(fake->overlaps, 0);
}

/* Waits for one event and lets the disks have it. */
static inline void subject_step(const struct subject *subject)
{
    struct pollfd ready = {.fd = disks_fd(subject->disks), .events = POLLIN};

    assert_int_equal(poll(&ready, 1, (int)(FAKE_LONG_NS / CLOCK_NS_PER_MS)), 1);
    disks_dispatch(subject->disks);
}

static inline void subject_set(void *flag)
{
    *(bool *)flag = true;
}

static inline void subject_begin(const struct subject *subject, enum collector_scope scope,
                                 int64_t patience_ns, bool *over)
{
    *over = false;
    assert_int_equal(disks_look(subject->disks, scope, patience_ns, subject_set, over), 0);
}

static inline void subject_end(const struct subject *subject, const bool *over)
{
    while (!*over)
        subject_step(subject);
}

/* A whole look; gives how long it took. */
static inline int64_t subject_look(const struct subject *subject, enum collector_scope scope,
                                   int64_t patience_ns)
{
    int64_t begin_ns = clock_mono_ns();
    bool over = false;

    subject_begin(subject, scope, patience_ns, &over);
    subject_end(subject, &over);
    return clock_mono_ns() - begin_ns;
}

static inline void subject_expect(const struct subject *subject, const char *expected)
{
    struct snapshot snapshot = {0};

    disks_emit(subject->disks, &snapshot);
    char *text = cases_text(subject->series, &snapshot);
    assert_string_equal(text, expected);
    free(text);
    snapshot_clean(&snapshot);
}

/* Waits, without an event to wait for: what happens is in another process. */
#define FAKE_WAIT(condition)                                                                       \
    for (int64_t until_ns = clock_mono_ns() + FAKE_SOON_NS; !(condition); usleep(500))             \
    assert_true(clock_mono_ns() < until_ns)

/* The lines of a disk. */
#define LINES_FAILED(name) "system.disk." name ".error 1\n"
#define LINES_OK(name, total)                                                                      \
    "system.disk." name ".error 0\nsystem.disk." name ".total " total "\nsystem.disk." name        \
    ".used 600\nsystem.disk." name ".free 300\n"

#endif
