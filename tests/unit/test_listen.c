/* A door's listening socket: what it replaces, what it leaves alone, and what it says. */
#include "emitter/listen.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/test_listen.XXXXXX";

static struct address address_of(const char *text)
{
    struct address address;
    const char *why = NULL;

    if (address_parse_listen(text, &address, &why) < 0)
        fail_msg("%s: %s", text, why);
    return address;
}

/* `unix:` and a path in the test's own directory; `path` is that path. */
static struct address unix_address(const char *name, char path[128])
{
    char text[160];

    snprintf(path, 128, "%s/%s", directory, name);
    snprintf(text, sizeof text, "unix:%s", path);
    return address_of(text);
}

/* listen_open, and what it wrote to stderr meanwhile. */
static int open_listening(const struct address *address, const char *door, char said[1024])
{
    int memory = memfd_create("stderr", MFD_CLOEXEC);
    int before = dup(STDERR_FILENO);

    dup2(memory, STDERR_FILENO);
    int fd = listen_open(address, door);
    dup2(before, STDERR_FILENO);
    ssize_t len = pread(memory, said, 1023, 0);
    said[len > 0 ? len : 0] = '\0';
    close(before);
    close(memory);
    return fd;
}

static int connect_to(const struct address *address)
{
    int fd = socket(address->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (const struct sockaddr *)&address->sockaddr, address->len) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A socket that a process left behind: bound, and nobody listens any more. */
static void leave_stale(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&address->sockaddr, address->len), 0);
    assert_int_equal(listen(fd, 1), 0);
    close(fd);
}

static void tcp_listens_once(void **state)
{
    struct address address = address_of("127.0.0.1:0");
    struct sockaddr_in bound = {0};
    socklen_t len = sizeof bound;
    char said[1024];
    char expected[1024];
    int fd = open_listening(&address, "http", said);

    (void)state;
    assert_true(fd >= 0);
    assert_string_equal(said, "");
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &len), 0);
    ((struct sockaddr_in *)&address.sockaddr)->sin_port = bound.sin_port;
    int client = connect_to(&address);
    assert_true(client >= 0);

    assert_int_equal(open_listening(&address, "http", said), -1);
    snprintf(expected, sizeof expected,
             "error: http: cannot listen on 127.0.0.1:%u: address already in use (is another "
             "altimeter running? choose another with --http)\n",
             ntohs(bound.sin_port));
    assert_string_equal(said, expected);
    int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(accepted >= 0);
    close(accepted); /* first, so that TIME_WAIT is on this side */
    close(client);
    listen_close(fd, &address);
    fd = open_listening(&address, "http", said); /* at once, whatever is in TIME_WAIT */
    assert_true(fd >= 0);
    listen_close(fd, &address);
}

/* [::] must leave IPv4 to whoever asks for it. */
static void ipv6_is_ipv6_only(void **state)
{
    struct address address = address_of("[::]:0");
    int only = 0;
    socklen_t len = sizeof only;
    char said[1024];
    int fd = open_listening(&address, "http", said);

    (void)state;
    if (fd < 0)
        skip(); /* this machine has no IPv6 */
    assert_int_equal(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len), 0);
    assert_int_equal(only, 1);
    listen_close(fd, &address);
}

static void a_unix_socket_is_for_its_group_and_goes_with_its_door(void **state)
{
    const mode_t masks[] = {0, 0022, 0077};
    char path[128];
    struct address address = unix_address("fresh", path);
    char said[1024];

    (void)state;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        mode_t before = umask(masks[i]);
        int fd = open_listening(&address, "lines", said);
        struct stat st;

        assert_int_equal(umask(before), masks[i]);
        assert_true(fd >= 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode, S_IFSOCK | 0660);
        int client = connect_to(&address);
        assert_true(client >= 0);
        close(client);
        listen_close(fd, &address);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void a_stale_socket_is_replaced(void **state)
{
    char path[128];
    struct address address = unix_address("stale", path);
    char said[1024];

    (void)state;
    leave_stale(&address);
    assert_int_equal(connect_to(&address), -1);
    int fd = open_listening(&address, "lines", said);
    assert_true(fd >= 0);
    assert_string_equal(said, "");
    int client = connect_to(&address);
    assert_true(client >= 0);
    close(client);
    listen_close(fd, &address);
}

static void a_live_socket_is_not(void **state)
{
    char path[128];
    struct address address = unix_address("live", path);
    char said[1024];
    int fd = open_listening(&address, "lines", said);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(open_listening(&address, "lines", said), -1);
    assert_non_null(strstr(said, path));
    assert_non_null(strstr(said, "address already in use (is another altimeter running?"));
    assert_non_null(strstr(said, "--lines"));
    int client = connect_to(&address);
    assert_true(client >= 0);
    close(client);
    listen_close(fd, &address);
}

static void what_is_no_socket_stays(void **state)
{
    char path[128];
    char target[128];
    char said[1024];
    struct address address = unix_address("file", path);
    struct stat st;
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    (void)state;
    assert_int_equal(write(file, "precious", 8), 8);
    close(file);
    assert_int_equal(open_listening(&address, "lines", said), -1);
    assert_non_null(strstr(said, path));
    assert_non_null(strstr(said, "no socket"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);

    struct address link = unix_address("link", target);
    struct address stale = unix_address("behind_link", path);
    leave_stale(&stale);
    assert_int_equal(symlink(path, target), 0);
    assert_int_equal(open_listening(&link, "lines", said), -1);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(lstat(target, &st), 0);
}

static void a_path_that_cannot_be_is_named(void **state)
{
    char path[128];
    char said[1024];
    struct address address = unix_address("nowhere/lines", path);

    (void)state;
    assert_int_equal(open_listening(&address, "lines", said), -1);
    assert_non_null(strstr(said, path));
    assert_non_null(strstr(said, "No such file or directory"));
    assert_null(strstr(said, "altimeter"));
}

/* Somebody else's socket took the path meanwhile: it is left to them. */
static void another_process_keeps_its_socket(void **state)
{
    char path[128];
    char said[1024];
    char byte = 0;
    int ready[2];
    struct address address = unix_address("taken", path);
    int fd = open_listening(&address, "lines", said);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ready), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ready[0]);
        int other = listen_open(&address, "lines");
        if (write(ready[1], other >= 0 ? "y" : "n", 1) == 1 && read(ready[1], &byte, 1) == 0)
            listen_close(other, &address);
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    listen_close(fd, &address);
    assert_int_equal(access(path, F_OK), 0);
    close(ready[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(access(path, F_OK), -1);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    const char *const names[] = {"file", "link", "behind_link"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_listens_once),
        cmocka_unit_test(ipv6_is_ipv6_only),
        cmocka_unit_test(a_unix_socket_is_for_its_group_and_goes_with_its_door),
        cmocka_unit_test(a_stale_socket_is_replaced),
        cmocka_unit_test(a_live_socket_is_not),
        cmocka_unit_test(what_is_no_socket_stays),
        cmocka_unit_test(a_path_that_cannot_be_is_named),
        cmocka_unit_test(another_process_keeps_its_socket),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
