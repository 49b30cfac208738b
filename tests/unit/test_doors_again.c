/* The doors on unix sockets go elsewhere, stay, and do both a thousand times. */
#include "tests/unit/doors_scene.h"

static bool is_there(const struct address *address)
{
    struct stat st;

    return lstat(path_of(address), &st) == 0;
}

static int listen_as_stranger(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&address->sockaddr, address->len), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static void another_path(void **state)
{
    struct scene scene;
    const struct address tcp = loopback(LOCAL, free_port());

    (void)state;
    open_scene(&scene, &tcp, NULL);
    const struct address one = at_path(&scene, "one");
    const struct address two = at_path(&scene, "two");
    const struct address nowhere = at_path(&scene, "no/where");
    assert_int_equal(adapt(&scene, &one, NULL), 0);
    assert_heard(&scene, &one, NULL);
    assert_int_equal(adapt(&scene, &two, NULL), 0);
    assert_heard(&scene, &two, NULL);
    assert_false(is_there(&one));
    assert_int_equal(adapt(&scene, &nowhere, NULL), -1);
    assert_heard(&scene, &two, NULL);

    /* One is in the way of the other, and the other does not get what it wants. */
    assert_int_equal(adapt(&scene, &two, &one), 0);
    struct guests guests = invite(&scene, &two, &one);
    assert_int_equal(adapt(&scene, &one, &nowhere), -1);
    assert_stayed(&scene, guests);
    assert_heard(&scene, &two, &one);
    dismiss(guests);

    /* The same place by another name. */
    char link[64];
    snprintf(link, sizeof link, "%s.link", scene.dir);
    assert_int_equal(symlink(scene.dir, link), 0);
    struct address linked = at_path(&scene, "one");
    snprintf((char *)path_of(&linked), sizeof(((struct sockaddr_un *)0)->sun_path), "%s/one", link);
    assert_int_equal(adapt(&scene, &two, &linked), 0);
    assert_heard(&scene, &two, &one);
    assert_int_equal(adapt(&scene, NULL, NULL), 0);
    unlink(link);
    close_scene(&scene);
}

/* What stands at a path and is not the door's stays. */
static void a_path_that_is_not_ours(void **state)
{
    struct scene scene;
    const struct address tcp = loopback(LOCAL, free_port());

    (void)state;
    open_scene(&scene, &tcp, NULL);
    const struct address one = at_path(&scene, "one");
    const struct address two = at_path(&scene, "two");
    const struct address plain = at_path(&scene, "plain");
    assert_int_equal(adapt(&scene, &one, NULL), 0);
    unlink(path_of(&one));
    close(creat(path_of(&one), 0600));
    close(creat(path_of(&plain), 0600));
    assert_int_equal(adapt(&scene, &plain, NULL), -1);
    assert_int_equal(adapt(&scene, &two, NULL), 0);
    assert_heard(&scene, &two, NULL);
    assert_true(is_there(&one));
    assert_true(is_there(&plain));
    unlink(path_of(&one));
    unlink(path_of(&plain));

    int stranger = listen_as_stranger(&one);
    assert_int_equal(adapt(&scene, &one, NULL), -1);
    assert_heard(&scene, &two, NULL);
    close(stranger);
    assert_int_equal(adapt(&scene, &one, NULL), 0); /* what it left behind is replaced */
    assert_heard(&scene, &one, NULL);
    close_scene(&scene);
}

/* Neither the socket nor a client of it is touched. */
static void the_same_address_stays(void **state)
{
    struct scene scene;
    const struct address local[2] = {loopback(LOCAL, free_port()), loopback(LOCAL, 0)};

    (void)state;
    open_scene(&scene, &local[0], NULL);
    const struct address path = at_path(&scene, "lines");
    assert_int_equal(adapt(&scene, &local[0], &path), 0);
    struct guests guests = invite(&scene, &local[0], &path);
    int waiting = visit(&local[0]); /* not accepted yet */

    struct emitter_options options = options_of(&local[0], &path);
    options.http_token = "t";
    assert_int_equal(doors_adapt(scene.doors, &options), 0);
    assert_memory_equal(ask_door(&scene.bench, waiting, "GET /metrics HTTP/1.0\r\n\r\n"),
                        "HTTP/1.1 401", 12);
    close(waiting);
    assert_stayed(&scene, guests);
    dismiss(guests);
    close_scene(&scene);
}

/* Doors that are not open yet, or not any more, are not opened. */
static void closed_ones_stay_closed(void **state)
{
    struct scene scene;
    const struct address a = loopback(LOCAL, free_port());

    (void)state;
    open_scene(&scene, NULL, NULL);
    doors_close(scene.doors);
    assert_int_equal(adapt(&scene, &a, NULL), 0);
    assert_refused(&a);
    close_scene(&scene);
}

static void a_thousand_times_costs_nothing(void **state)
{
    struct scene scene;
    in_port_t port = free_port();
    const struct address local = loopback(LOCAL, port);
    const struct address any = loopback(ANY, port);
    const struct address b = loopback(LOCAL, free_port());
    size_t open = 0;
    size_t heap = 0;

    (void)state;
    open_scene(&scene, &local, &b);
    const struct address path = at_path(&scene, "lines");
    for (unsigned i = 0; i < 1000; i++) {
        const struct address *http = i % 2 ? &local : &any;

        assert_int_equal(adapt(&scene, http, i % 3 ? &b : &path), 0);
        if (i % 50 == 49)
            assert_heard(&scene, http, i % 3 ? &b : &path);
        event_base_loop(scene.bench.base, EVLOOP_NONBLOCK);
        if (i == 199) {
            open = descriptors();
            heap = heap_bytes();
        }
    }
    event_base_loop(scene.bench.base, EVLOOP_NONBLOCK);
    assert_in_range(descriptors(), open - 2, open + 2); /* a client or two may be under way */
    assert_true(heap_bytes() <= heap + 16384);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_path),
        cmocka_unit_test(a_path_that_is_not_ours),
        cmocka_unit_test(the_same_address_stays),
        cmocka_unit_test(closed_ones_stay_closed),
        cmocka_unit_test(a_thousand_times_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
