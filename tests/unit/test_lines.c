/* The raw lines' door: who gets what. */
#include "tests/unit/client.h"

static void the_newest_at_once_and_each_new_one(void **state)
{
    struct door door;
    struct client first;
    struct client second;

    (void)state;
    door_open(&door, 50);
    client_open(&first, &door);
    expect(&first, 1, 2);
    tick(&door);
    expect(&first, 2, 3);
    client_open(&second, &door);
    expect(&second, 2, 3);
    tick(&door);
    expect(&first, 3, 4);
    expect(&second, 3, 4);
    assert_int_equal(lines_clients(door.lines), 2);
    client_close(&first);
    client_close(&second);
    bench_until(&door.bench, nobody_left, &door);
    door_close(&door);
}

/* `nc -N host port </dev/null`: also before it is accepted, and with input before. */
static void a_half_close_gets_what_is_under_way(void **state)
{
    const char *const inputs[] = {"", "quit\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct door door;
        struct client client;
        size_t len = strlen(inputs[i]);

        door_open(&door, 512);
        client_open(&client, &door);
        assert_int_equal(send(client.fd, inputs[i], len, 0), len);
        shutdown(client.fd, SHUT_WR);
        bench_until(&door.bench, is_closed, &client);
        assert_int_equal(client.error, 0);
        expect(&client, 1, 2);
        assert_int_equal(lines_clients(door.lines), 0);
        client_close(&client);
        door_close(&door);
    }
}

static void a_later_half_close_too(void **state)
{
    struct door door;
    struct client client;

    (void)state;
    door_open(&door, 512);
    client_open(&client, &door);
    expect(&client, 1, 2);
    tick(&door);
    shutdown(client.fd, SHUT_WR);
    bench_until(&door.bench, is_closed, &client);
    assert_int_equal(client.error, 0);
    expect(&client, 2, 3);
    client_close(&client);
    door_close(&door);
}

/* One more snapshot for a client that does not read; what the kernel takes, it takes. */
static void tick_unread(struct door *door)
{
    tick(door);
    for (unsigned turns = 0; turns < 3; turns++)
        assert_true(event_base_loop(door->bench.base, EVLOOP_NONBLOCK) >= 0);
}

static size_t ticks_until_dropped(struct door *door)
{
    struct client client;
    size_t ticks = 0;

    client_open(&client, door);
    expect(&client, 1, 2);
    event_del(client.readable);
    for (; lines_clients(door->lines) > 0 && ticks < 10000; ticks++)
        tick_unread(door);
    assert_int_equal(lines_clients(door->lines), 0);
    client_close(&client);
    return ticks;
}

/* Half-closed while half of what may wait waits for it: it gets all of that, and nothing new. */
static void after_a_half_close_nothing_new_is_added(void **state)
{
    struct door door;
    struct client client;
    struct evbuffer *text = evbuffer_new();

    (void)state;
    door_open(&door, 512);
    bench_lines(&door.bench, 1, text);
    size_t one = evbuffer_get_length(text);
    evbuffer_free(text);
    size_t ticks = ticks_until_dropped(&door) - (size_t)512 * 1024 / one;

    client_open(&client, &door);
    client.wanted = one;
    bench_until(&door.bench, has_wanted, &client);
    event_del(client.readable);
    for (size_t i = 0; i < ticks; i++)
        tick_unread(&door);
    shutdown(client.fd, SHUT_WR);
    tick_unread(&door); /* it still gets this one; here its end is heard */
    tick_unread(&door);
    assert_int_equal(lines_clients(door.lines), 1);
    event_add(client.readable, NULL);
    bench_until(&door.bench, is_closed, &client);
    assert_int_equal(client.error, 0);
    assert_int_equal(evbuffer_get_length(client.received), (1 + ticks + 1) * one);
    client_close(&client);
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_at_once_and_each_new_one),
        cmocka_unit_test(a_half_close_gets_what_is_under_way),
        cmocka_unit_test(a_later_half_close_too),
        cmocka_unit_test(after_a_half_close_nothing_new_is_added),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
