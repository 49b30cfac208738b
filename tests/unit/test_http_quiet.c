/* The HTTP door: what it costs when nothing happens, and when the same happens again. */
#include "tests/unit/heard.h"
#include "tests/unit/http/door.h"

#include <sys/resource.h>

static const char one[] = "GET /metrics?quantity=1 HTTP/1.1\r\nHost: x\r\n\r\n";

static unsigned allocations;

static void *count_malloc(size_t size)
{
    allocations++;
    return malloc(size);
}

static void *count_realloc(void *memory, size_t size)
{
    allocations++;
    return realloc(memory, size);
}

static int added(const struct door *door)
{
    return event_base_get_num_events(door->base, EVENT_BASE_COUNT_ADDED);
}

/* Without clients there is only the socket that listens: no timer wakes the loop. */
static void nothing_runs_without_clients(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 1, (struct http_options){.limits = &endless});
    assert_int_equal(added(&door), 1);
    for (int i = 0; i < 2; i++) {
        int fd = client_connect(&door);

        door_wait_clients(&door, 1);
        assert_int_equal(added(&door), 3);
        client_send(fd, one);
        free(client_answer(&door, fd, false));
        close(fd);
        door_wait_clients(&door, 0);
        assert_int_equal(added(&door), 1);
    }
    door_close(&door);
}

/* The newest snapshot's answer is made once; it is another one with the next snapshot. */
static void the_newest_is_made_once(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 5, (struct http_options){.limits = &endless});
    int fd = client_connect(&door);
    for (int i = 0; i < 3; i++) {
        char expected[64];

        client_send(fd, one);
        char *answer = client_answer(&door, fd, false);
        snprintf(expected, sizeof expected, "some_disk_4.used %d %d\"\n]\n", i + 3,
                 FIRST_S + i + 2);
        assert_non_null(strstr(answer, expected));
        unsigned before = allocations;
        for (int again = 0; again < 5; again++) {
            client_send(fd, one);
            char *same = client_answer(&door, fd, false);
            assert_string_equal(same, answer);
            free(same);
        }
        assert_int_equal(allocations, before);
        free(answer);
        door_append(&door);
    }
    close(fd);
    door_close(&door);
}

/* The next descriptor that this process opens would be one too many. */
static struct rlimit use_up_descriptors(void)
{
    struct rlimit before;
    int next = dup(STDERR_FILENO);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    close(next);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return before;
}

/* A lack of descriptors is told once, makes nobody spin, and is over when it is over. */
static void a_lack_of_descriptors_passes(void **state)
{
    struct door door;
    char said[4096];
    int rounds = 0;

    (void)state;
    door_open(&door, 3, 3, 1, (struct http_options){.limits = &endless});
    hear_log();
    int fd = client_connect(&door);
    client_send(fd, one);
    struct rlimit before = use_up_descriptors();
    for (int64_t end_ns = clock_mono_ns() + 30 * endless.sweep_ns; clock_mono_ns() < end_ns;) {
        event_base_loop(door.base, EVLOOP_ONCE);
        rounds++;
    }
    assert_int_equal(http_clients(door.http), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    char *answer = client_answer(&door, fd, false);
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    free(answer);
    close(fd);
    while (added(&door) > 1)
        event_base_loop(door.base, EVLOOP_ONCE);
    heard_log(said);
    print_message("%d rounds; %s", rounds, said);
    assert_in_range(rounds, 1, 100); /* two a sweep */
    static const char complaint[] = "http: cannot accept: Too many open files\n";
    const char *told = strstr(said, complaint);
    assert_non_null(told);
    assert_null(strstr(told + strlen(complaint), "cannot accept"));
    assert_non_null(strstr(told, "http: accepts again"));
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_runs_without_clients),
        cmocka_unit_test(the_newest_is_made_once),
        cmocka_unit_test(a_lack_of_descriptors_passes),
    };

    event_set_mem_functions(count_malloc, count_realloc, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
