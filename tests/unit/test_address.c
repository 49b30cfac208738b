/* Addresses as an operator writes them. */
#include "base/address.h"
#include "tests/unit/unit.h"

#include <string.h>

static void where_a_door_listens(void **state)
{
    const struct {
        const char *text;
        const char *again; /* as it is written back; NULL: refused */
        bool local;
    } rows[] = {
        {"127.0.0.1:7070", "127.0.0.1:7070", true},
        {"127.255.0.9:1", "127.255.0.9:1", true},
        {"localhost:7070", "127.0.0.1:7070", true},
        {"0.0.0.0:65535", "0.0.0.0:65535", false},
        {"10.0.0.1:0", "10.0.0.1:0", false},
        {"[::1]:7070", "[::1]:7070", true},
        {"[::]:7070", "[::]:7070", false},
        {"[2001:db8::1]:7070", "[2001:db8::1]:7070", false},
        {"[::ffff:127.0.0.1]:7070", "[::ffff:127.0.0.1]:7070", true},
        {"[::ffff:10.0.0.1]:7070", "[::ffff:10.0.0.1]:7070", false},
        {"unix:/run/a b/lines", "unix:/run/a b/lines", true},
        {"", NULL, false},
        {":7070", NULL, false},
        {"7070", NULL, false},
        {"127.0.0.1", NULL, false},
        {"127.0.0.1:", NULL, false},
        {"127.0.0.1:65536", NULL, false},
        {"127.0.0.1:99999999999999999999", NULL, false},
        {"127.0.0.1:-1", NULL, false},
        {"127.0.0.1:+80", NULL, false},
        {"127.0.0.1: 80", NULL, false},
        {"127.0.0.1:80 ", NULL, false},
        {"127.0.0.1:080", NULL, false},
        {"127.0.0.1:0x50", NULL, false},
        {"127.0.0:80", NULL, false},
        {"127.0.0.256:80", NULL, false},
        {"example.org:80", NULL, false},
        {"::1:80", NULL, false},
        {"[::1:80", NULL, false},
        {"[]:80", NULL, false},
        {"[127.0.0.1]:80", NULL, false},
        {"[fe80::1%lo]:80", NULL, false},
        {"[::1]80", NULL, false},
        {"[::1]x:80", NULL, false},
        {"[localhost]:80", NULL, false},
        {"unix:", NULL, false},
        {"unix:lines", NULL, false},
        {"unix", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address;
        char text[ADDRESS_TEXT_MAX];
        const char *why = NULL;
        int result = address_parse_listen(rows[i].text, &address, &why);

        if (!rows[i].again) {
            if (result != -1)
                fail_msg("accepted: %s", rows[i].text);
            assert_non_null(strstr(why, "PATH"));
            continue;
        }
        if (result != 0)
            fail_msg("refused: %s", rows[i].text);
        address_format(&address, text);
        assert_string_equal(text, rows[i].again);
        if (address_local(&address) != rows[i].local)
            fail_msg("%s: local is not %d", rows[i].text, rows[i].local);
    }
}

/* A sockaddr_un holds 108 bytes with the terminating one. */
static void the_longest_socket_path(void **state)
{
    struct address address;
    char path[128] = "unix:/";
    char text[ADDRESS_TEXT_MAX];
    const char *why = NULL;

    (void)state;
    memset(path + 6, 'p', 106);
    assert_int_equal(address_parse_listen(path, &address, &why), 0);
    address_format(&address, text);
    assert_string_equal(text, path);
    path[6 + 106] = 'p';
    assert_int_equal(address_parse_listen(path, &address, &why), -1);
    assert_non_null(strstr(why, "107"));
}

static void whom_a_target_names(void **state)
{
    const struct {
        const char *text;
        const char *host; /* NULL: refused */
        unsigned port;
    } rows[] = {
        {"graphite.example:2003", "graphite.example", 2003},
        {"graphite_1.example.:1", "graphite_1.example.", 1},
        {"10.0.0.1:65535", "10.0.0.1", 65535},
        {"[2001:db8::1]:2003", "2001:db8::1", 2003},
        {"graphite:0", NULL, 0},
        {"graphite:65536", NULL, 0},
        {"graphite:+1", NULL, 0},
        {"graphite", NULL, 0},
        {":2003", NULL, 0},
        {"[]:2003", NULL, 0},
        {"[graphite]:2003", NULL, 0},
        {"::1:2003", NULL, 0},
        {"a b:2003", NULL, 0},
        {"a/b:2003", NULL, 0},
        {"user@host:2003", NULL, 0},
        {"a%41:2003", NULL, 0},
        {"a?b:2003", NULL, 0},
        {"-host:2003", NULL, 0},
        {".host:2003", NULL, 0},
        {"h\xc3\xb6st:2003", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_peer peer;
        const char *why = NULL;
        int result = address_parse_peer(rows[i].text, &peer, &why);

        if (result != (rows[i].host ? 0 : -1))
            fail_msg("%s: %d", rows[i].text, result);
        if (!rows[i].host) {
            assert_non_null(strstr(why, "1..65535"));
            continue;
        }
        assert_string_equal(peer.host, rows[i].host);
        assert_int_equal(peer.port, rows[i].port);
    }
}

static void the_longest_host_name(void **state)
{
    struct address_peer peer;
    char text[300];
    const char *why = NULL;

    (void)state;
    memset(text, 'h', sizeof text);
    memcpy(text + ADDRESS_HOST_MAX, ":1", 3);
    assert_int_equal(address_parse_peer(text, &peer, &why), 0);
    assert_int_equal(strlen(peer.host), ADDRESS_HOST_MAX);
    memcpy(text + ADDRESS_HOST_MAX, "h:1", 4);
    assert_int_equal(address_parse_peer(text, &peer, &why), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_a_door_listens),
        cmocka_unit_test(the_longest_socket_path),
        cmocka_unit_test(whom_a_target_names),
        cmocka_unit_test(the_longest_host_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
