/* The whole look: what is emitted in which order, what one group's failure costs the others, and
 * how many disks are said to hang. */
#include "collector/collector.h"
#include "collector/host.h"
#include "tests/unit/proc/fake_disks.h"

static int load_result;

int host_open(void)
{
    return 0;
}

void host_close(void)
{
}

int host_load(double load[3])
{
    load[0] = 0.5;
    load[1] = 1.5;
    load[2] = 2.5;
    return load_result;
}

static const char stat_text[] = "cpu  1 2 3 4\ncpu0 1 2 3 4 5 6 7\n";
static const char meminfo_text[] = "MemTotal: 9 kB\nMemFree: 1 kB\nBuffers: 1 kB\nCached: 1 kB\n"
                                   "SwapTotal: 3 kB\nSwapFree: 1 kB\nShmem: 1 kB\n";

#define CPU "system.cpu.error 0\nsystem.cpu0.user 30\nsystem.cpu0.system 160\nsystem.cpu0.idle 90\n"
#define LOAD                                                                                       \
    "system.load.error 0\nsystem.load.load1 500000\nsystem.load.load5 1500000\n"                   \
    "system.load.load15 2500000\n"
#define MEMORY                                                                                     \
    "system.memory.error 0\nsystem.memory.total 9216\nsystem.memory.used 6144\n"                   \
    "system.memory.free 1024\nsystem.memory.shared 1024\nsystem.memory.buffers 1024\n"             \
    "system.memory.cached 1024\n"
#define SWAP                                                                                       \
    "system.swap.error 0\nsystem.swap.total 3072\nsystem.swap.used 2048\nsystem.swap.free 1024\n"
#define DISK "system.disk.error 0\n" LINES_OK("system", "1000000")

struct row {
    const char *missing; /* "load": libstatgrab fails; NULL: all is well */
    const char *expected;
};

static const struct row rows[] = {
    {NULL, CPU LOAD MEMORY SWAP DISK},
    {"stat", "system.cpu.error 1\n" LOAD MEMORY SWAP DISK},
    {"load", CPU "system.load.error 1\n" MEMORY SWAP DISK},
    {"meminfo", CPU LOAD "system.memory.error 1\nsystem.swap.error 1\n" DISK},
    {"self/mountinfo", CPU LOAD MEMORY SWAP "system.disk.error 1\n"},
    {"filesystems", CPU LOAD MEMORY SWAP "system.disk.error 1\n"},
    {NULL, CPU LOAD MEMORY SWAP DISK},
};

static void path_of(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", fake->proc, name);
}

static void step(struct collector *collector)
{
    struct pollfd ready = {.fd = collector_fd(collector), .events = POLLIN};

    assert_int_equal(poll(&ready, 1, (int)(FAKE_LONG_NS / CLOCK_NS_PER_MS)), 1);
    collector_dispatch(collector);
}

static void look_for(struct collector *collector, enum collector_scope scope, int64_t patience_ns)
{
    bool over = false;

    assert_int_equal(collector_look(collector, scope, patience_ns, subject_set, &over), 0);
    while (!over)
        step(collector);
}

static void look(struct collector *collector, enum collector_scope scope)
{
    look_for(collector, scope, FAKE_LONG_NS);
}

static void run_row(const struct row *row)
{
    static const char *const observed[] = {"/"};
    struct series_table *series = series_table_new(CASES_PREFIX);
    const struct collector_options options = {
        .proc = fake->proc, .observed = observed, .observed_count = 1};
    struct collector *collector = collector_new(&options, series);
    struct snapshot snapshot = {0};
    char hidden[128];
    char path[128];

    assert_non_null(collector);
    load_result = row->missing && strcmp(row->missing, "load") == 0 ? -1 : 0;
    if (row->missing) {
        path_of(path, row->missing);
        path_of(hidden, "hidden");
        rename(path, hidden);
    }
    for (int i = 0; i < 2; i++) {
        look(collector, COLLECTOR_ALL);
        snapshot_clear(&snapshot, 0);
        collector_emit(collector, &snapshot);
        char *text = cases_text(series, &snapshot);
        assert_string_equal(text, row->expected);
        free(text);
        look(collector, COLLECTOR_OBSERVED); /* which changes nothing of that */
        assert_int_equal(collector_observed(collector, 0).state,
                         strstr(row->expected, DISK) ? READING_OK : READING_UNKNOWN);
        assert_string_equal(collector_observed_name(collector, 0), "system");
    }
    if (row->missing)
        rename(hidden, path);
    snapshot_clean(&snapshot);
    collector_free(collector);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
}

static void test_rows(void **state)
{
    char path[128];

    (void)state;
    fake_add("/", "ext4");
    fake_publish();
    path_of(path, "stat");
    cases_write(path, stat_text, sizeof stat_text - 1);
    path_of(path, "meminfo");
    cases_write(path, meminfo_text, sizeof meminfo_text - 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i]);
    unlink(path);
    path_of(path, "stat");
    unlink(path);
}

/* So many hang now, or as soon as what the helpers did has been heard. */
static void expect_stuck(struct collector *collector, size_t stuck)
{
    while (collector_stuck(collector) != stuck)
        step(collector);
}

/* Each device counts once, from when patience ran out until its call has come back. */
static void test_stuck(void **state)
{
    enum { A, A_AGAIN, B, C };
    struct series_table *series = series_table_new(CASES_PREFIX);
    bool over = false;

    (void)state;
    fake_add("/a", "ext4");
    fake_add("/a/again", "ext4");
    fake_add("/b", "ext4");
    fake_add("/c", "ext4");
    fake->disks[A_AGAIN].device = fake->disks[A].device;
    fake_publish();
    struct collector *collector =
        collector_new(&(struct collector_options){.proc = fake->proc}, series);
    look(collector, COLLECTOR_ALL);
    assert_int_equal(collector_stuck(collector), 0);

    fake->disks[A].mode = FAKE_HANG;
    look_for(collector, COLLECTOR_ALL, FAKE_SHORT_NS);
    expect_stuck(collector, 1);
    fake->disks[B].mode = FAKE_HANG;
    look_for(collector, COLLECTOR_ALL, FAKE_SHORT_NS);
    expect_stuck(collector, 2);

    /* Its mounts are gone; its call is not. */
    fake->disks[A].mounted = fake->disks[A_AGAIN].mounted = false;
    fake_publish();
    look(collector, COLLECTOR_ALL);
    assert_int_equal(collector_stuck(collector), 2);
    fake->disks[A].mode = FAKE_OK;
    expect_stuck(collector, 1);
    fake->disks[B].mode = FAKE_FAIL;
    expect_stuck(collector, 0);

    /* One that is still waited for does not hang yet; a helper has it to itself when C is asked. */
    fake->disks[B].mode = FAKE_OK;
    look(collector, COLLECTOR_ALL);
    fake->disks[B].mode = FAKE_HANG;
    int calls = fake->disks[C].calls;
    assert_int_equal(collector_look(collector, COLLECTOR_ALL, FAKE_LONG_NS, subject_set, &over), 0);
    while (fake->disks[C].calls == calls)
        step(collector);
    assert_int_equal(collector_stuck(collector), 0);
    fake->disks[B].mode = FAKE_OK;
    while (!over)
        step(collector);
    assert_int_equal(collector_stuck(collector), 0);
    collector_free(collector);
    series_table_free(series);
}

/* Other options: the disks are theirs in the next look, all else goes on. */
static void test_adapt(void **state)
{
    static const char *const observed[] = {"/b"};
    static const struct collector_name names[] = {{"/a", "first"}};
    const struct collector_options other = {.proc = fake->proc,
                                            .names = names,
                                            .name_count = 1,
                                            .observed = observed,
                                            .observed_count = 1};
    struct series_table *series = series_table_new(CASES_PREFIX);
    struct snapshot snapshot = {0};
    char path[128];

    (void)state;
    fake_add("/a", "ext4");
    fake_add("/b", "ext4");
    fake_publish();
    path_of(path, "stat");
    cases_write(path, stat_text, sizeof stat_text - 1);
    load_result = 0;
    struct collector *collector =
        collector_new(&(struct collector_options){.proc = fake->proc}, series);
    look(collector, COLLECTOR_ALL);
    unlink(path);
    int fd = collector_fd(collector);
    assert_int_equal(collector_adapt(collector, &other), 0);
    assert_int_equal(collector_fd(collector), fd);
    assert_string_equal(collector_observed_name(collector, 0), "b");
    assert_int_equal(collector_observed(collector, 0).state, READING_UNKNOWN);
    look(collector, COLLECTOR_ALL);
    assert_int_equal(collector_observed(collector, 0).total_bytes, FAKE_TOTAL(1));
    collector_emit(collector, &snapshot);
    char *text = cases_text(series, &snapshot);
    assert_string_equal(strstr(text, "system.disk.error"),
                        "system.disk.error 0\n" LINES_OK("first", "1000000")
                            LINES_OK("b", "1001000"));
    free(text);
    snapshot_clean(&snapshot);
    collector_free(collector);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_stuck, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_adapt, fake_open, fake_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
