/* The control socket: who gets in, and what he may ask. */
#include "base/log.h"
#include "tests/unit/controlled.h"

static void the_socket_is_for_its_group(void **state)
{
    struct door door;
    struct stat st;
    mode_t before = umask(0077);

    (void)state;
    open_door(&door);
    umask(before);
    assert_int_equal(stat(door.run_dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(stat(door.address.sun_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    close_door(&door);
}

static void one_request_gets_one_answer(void **state)
{
    struct door door;
    struct client client;
    const char request[] = "reset\ta\nreset\tb\n";

    (void)state;
    open_door(&door);
    connect_client(&client, &door);
    for (size_t i = 0; i + 1 < sizeof request; i++) { /* in pieces */
        say(&client, request + i, 1);
        event_base_loop(door.bench.base, EVLOOP_NONBLOCK);
        if (request[i] == '\n')
            break;
    }
    hear_all(&client, "out a: was not activated; nothing to release\nout node: not activated\n"
                      "exit 0\n");
    leave(&client);
    close_door(&door);
}

/* `printf … | nc -N -U` */
static void one_that_only_listens_any_more_gets_its_answer(void **state)
{
    struct door door;
    struct client client;

    (void)state;
    open_door(&door);
    connect_client(&client, &door);
    say(&client, "reset\tc\n", 8);
    shutdown(client.fd, SHUT_WR);
    hear_all(&client, "out c: was not activated; nothing to release\nout node: not activated\n"
                      "exit 0\n");
    leave(&client);
    connect_client(&client, &door);
    shutdown(client.fd, SHUT_WR);
    hear_all(&client, "");
    leave(&client);
    close_door(&door);
}

static void what_is_no_request_is_refused(void **state)
{
    struct door door;
    struct client client;
    char text[CONTROL_REQUEST_MAX + 1];

    (void)state;
    open_door(&door);
    memset(text, 'a', sizeof text);
    connect_client(&client, &door);
    say(&client, text, sizeof text);
    hear_all(&client, "err the request is too long\nexit 2\n");
    leave(&client);
    text[CONTROL_REQUEST_MAX - 1] = '\n';
    connect_client(&client, &door);
    say(&client, text, CONTROL_REQUEST_MAX);
    hear_all(&client, "err the agent does not know this request\nexit 2\n");
    leave(&client);
    connect_client(&client, &door);
    say(&client, "status\0x\n", 9);
    hear_all(&client, "err the request is no line of text\nexit 2\n");
    leave(&client);
    close_door(&door);
}

static void too_many_are_turned_away(void **state)
{
    struct door door;
    struct client clients[17];

    (void)state;
    open_door(&door);
    for (size_t i = 0; i < 17; i++)
        connect_client(&clients[i], &door);
    hear_all(&clients[16], "err too many ask at once; try again\nexit 1\n");
    leave(&clients[16]);
    say(&clients[3], "reset\ta\n", 8);
    hear_all(&clients[3], "out a: was not activated; nothing to release\n"
                          "out node: not activated\nexit 0\n");
    leave(&clients[3]);
    connect_client(&clients[3], &door); /* its place is free again */
    say(&clients[3], "reset\ta\n", 8);
    hear(&clients[3], "exit 0\n");
    for (size_t i = 0; i < 16; i++)
        leave(&clients[i]);
    close_door(&door);
}

static void where_it_cannot_listen_there_is_none(void **state)
{
    struct door door;
    char path[512] = "/tmp/";

    (void)state;
    open_door(&door);
    assert_null(control_new(door.bench.base, door.on.parachute, door.run_dir));
    snprintf(path, sizeof path, "%s/not/there", door.folder);
    assert_null(control_new(door.bench.base, door.on.parachute, path));
    assert_null(control_new(door.bench.base, door.on.parachute, "/proc/self/cmdline"));
    memset(path + 5, 'a', 120);
    path[125] = '\0';
    assert_null(control_new(door.bench.base, door.on.parachute, path));
    assert_int_equal(rmdir(path), -1); /* nor is anything left of it */
    close_door(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_is_for_its_group),
        cmocka_unit_test(one_request_gets_one_answer),
        cmocka_unit_test(one_that_only_listens_any_more_gets_its_answer),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(too_many_are_turned_away),
        cmocka_unit_test(where_it_cannot_listen_there_is_none),
    };

    signal(SIGPIPE, SIG_IGN);
    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
