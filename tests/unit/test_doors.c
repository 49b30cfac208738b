/* The doors go elsewhere, or not: who is heard where, and what stays when that fails. */
#include "tests/unit/doors_scene.h"

static void to_all_addresses_and_back(void **state)
{
    struct scene scene;
    in_port_t ports[2] = {free_port(), free_port()};
    const struct address local[2] = {loopback(LOCAL, ports[0]), loopback(LOCAL, ports[1])};
    const struct address any[2] = {loopback(ANY, ports[0]), loopback(ANY, ports[1])};
    const struct address other = loopback(LOCAL + 1, ports[0]); /* 127.0.0.2 */

    (void)state;
    open_scene(&scene, &local[0], &local[1]);
    struct guests guests = invite(&scene, &local[0], &local[1]);
    assert_int_equal(adapt(&scene, &any[0], &local[1]), 0);
    assert_heard(&scene, &other, &local[1]);
    assert_heard(&scene, &local[0], NULL);
    assert_string_equal(ask_door(&scene.bench, guests.http, ""), ""); /* its door is gone */
    dismiss(guests);
    assert_int_equal(adapt(&scene, &local[0], &any[1]), 0);
    assert_heard(&scene, &local[0], &local[1]);
    assert_refused(&other);
    close_scene(&scene);
}

static void two_swap_their_addresses(void **state)
{
    struct scene scene;
    const struct address a = loopback(LOCAL, free_port());
    const struct address b = loopback(LOCAL, free_port());

    (void)state;
    open_scene(&scene, &a, &b);
    assert_int_equal(adapt(&scene, &b, &a), 0);
    assert_heard(&scene, &b, &a);
    assert_int_equal(adapt(&scene, &a, NULL), 0);
    assert_heard(&scene, &a, NULL);
    assert_refused(&b);
    assert_int_equal(adapt(&scene, NULL, &a), 0);
    assert_heard(&scene, NULL, &a);
    assert_int_equal(adapt(&scene, &b, &a), 0);
    assert_heard(&scene, &b, &a);

    const struct address one = at_path(&scene, "one");
    const struct address two = at_path(&scene, "two");
    assert_int_equal(adapt(&scene, &one, &two), 0);
    assert_heard(&scene, &one, &two);
    assert_refused(&a);
    assert_refused(&b);
    assert_int_equal(adapt(&scene, &two, &one), 0);
    assert_heard(&scene, &two, &one);
    assert_int_equal(adapt(&scene, &b, &a), 0);
    assert_heard(&scene, &b, &a);
    close_scene(&scene);
}

/* A stranger has the port: in the first row it is in nobody's way else, in the others one of our
 * own had to stop listening for the other door, and listens again. */
static void a_port_that_is_taken(void **state)
{
    in_port_t taken = 0;
    struct scene scene;
    int stranger = take_port(&taken, true);
    in_port_t ports[2] = {free_port(), free_port()};
    const struct address local[2] = {loopback(LOCAL, ports[0]), loopback(LOCAL, ports[1])};
    const struct address any = loopback(ANY, ports[0]);
    const struct address not_ours = loopback(LOCAL, taken);
    const struct {
        const struct address *http;
        const struct address *lines;
    } rows[] = {
        {&not_ours, &local[1]}, {&local[0], &not_ours}, {&any, &not_ours},
        {&local[1], &not_ours}, {&not_ours, &local[0]}, {NULL, &not_ours},
    };

    (void)state;
    open_scene(&scene, &local[0], &local[1]);
    struct guests guests = invite(&scene, &local[0], &local[1]);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t before = descriptors();

        assert_int_equal(adapt(&scene, rows[i].http, rows[i].lines), -1);
        assert_int_equal(descriptors(), before);
        assert_stayed(&scene, guests);
        assert_heard(&scene, &local[0], &local[1]);
        bench_until(&scene.bench, one_guest_left, scene.doors);
    }
    dismiss(guests);
    close(stranger);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_all_addresses_and_back),
        cmocka_unit_test(two_swap_their_addresses),
        cmocka_unit_test(a_port_that_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
