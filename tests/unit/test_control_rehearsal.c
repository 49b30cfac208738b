/* The control socket: what its clients hear of a command that is run for them. */
#include "base/log.h"
#include "tests/unit/controlled.h"

static void a_rehearsal_is_heard_to_its_end(void **state)
{
    struct door door;
    struct client client;
    struct client other;

    (void)state;
    open_door(&door);
    for (int status = 0; status < 2; status++) {
        connect_client(&client, &door);
        say(&client, "test\tb\trun\n", 11);
        hear(&client, "out it runs:\n");
        assert_string_equal(fake.rehearsed.name, "b");
        evbuffer_drain(client.heard, evbuffer_get_length(client.heard));
        fake.refuses = "a command is under way";
        connect_client(&other, &door);
        say(&other, "test\tb\trun\n", 11);
        hear(&other, "err on_activate is not run: a command is under way\nexit 1\n");
        leave(&other);
        fake.refuses = NULL;
        shutdown(client.fd, SHUT_WR); /* it only listens any more */
        assert_true(event_base_loop(door.bench.base, EVLOOP_NONBLOCK) >= 0);
        fake.rehearsal.line(fake.rehearsal.arg, "first \x1b", 7);
        hear(&client, "out first \\x1b\n");
        fake.rehearsal.line(fake.rehearsal.arg, "", 0);
        hear(&client, "\nout \n");
        fake.rehearsal.ended(fake.rehearsal.arg, status, "");
        hear_all(&client, status == 0 ? "out first \\x1b\nout \n"
                                        "out on_activate has finished: exit status 0\nexit 0\n"
                                      : "out first \\x1b\nout \n"
                                        "err on_activate has failed: exit status 1\nexit 1\n");
        assert_null(fake.forgotten);
        leave(&client);
    }
    close_door(&door);
}

static bool is_forgotten(void *arg)
{
    (void)arg;
    if (!fake.forgotten)
        fake.rehearsal.line(fake.rehearsal.arg, "0123456789abcdef", 16);
    return fake.forgotten != NULL;
}

/* One that is gone, and one that does not read; the command goes on without them. */
static void who_does_not_hear_a_rehearsal_is_forgotten(void **state)
{
    struct door door;
    struct client client;

    (void)state;
    for (int stays = 0; stays < 2; stays++) {
        open_door(&door);
        connect_client(&client, &door);
        say(&client, "test\tb\trun\n", 11);
        hear(&client, "out it runs:\n");
        const void *listener = fake.rehearsal.arg;
        if (!stays)
            shutdown(client.fd, SHUT_RDWR);
        for (unsigned turns = 0; turns < 1000 && !fake.forgotten; turns++)
            turn_until(&door, is_forgotten, NULL);
        assert_ptr_equal(fake.forgotten, listener);
        leave(&client);
        close_door(&door);
    }
}

static void an_agent_that_stops_says_so(void **state)
{
    struct door door;
    struct client client;

    (void)state;
    open_door(&door);
    connect_client(&client, &door);
    say(&client, "test\tb\trun\n", 11);
    hear(&client, "out it runs:\n");
    evbuffer_drain(client.heard, evbuffer_get_length(client.heard));
    const void *listener = fake.rehearsal.arg;
    control_free(door.control);
    door.control = NULL;
    assert_ptr_equal(fake.forgotten, listener);
    hear_all(&client, "err the agent stops; on_activate goes on, nobody hears it\nexit 1\n");
    leave(&client);
    close_door(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rehearsal_is_heard_to_its_end),
        cmocka_unit_test(who_does_not_hear_a_rehearsal_is_forgotten),
        cmocka_unit_test(an_agent_that_stops_says_so),
    };

    signal(SIGPIPE, SIG_IGN);
    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
