/* What goes out on a connection whose other end reads when it likes: all of it, in its order. */
#include "emitter/http/http_output.h"
#include "tests/unit/http/any.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PART_MAX ((size_t)100000)

static char bytes[3 * PART_MAX];

/* Whose kernel takes only a little at a time. */
static void open_pair(int fds[2])
{
    const int least = 1;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)any_below(256);
}

/* Reads up to `most`, which have to be what comes next. */
static size_t read_some(int fd, size_t from, size_t most)
{
    static char got[1 << 16];
    ssize_t len = recv(fd, got, most < sizeof got ? most : sizeof got, 0);

    if (len < 0)
        assert_int_equal(errno, EAGAIN);
    else
        assert_memory_equal(got, bytes + from, (size_t)len);
    return len > 0 ? (size_t)len : 0;
}

static void all_of_it_comes_in_order(void **state)
{
    (void)state;
    for (size_t round = 0; round < 50; round++) {
        struct http_output output = {0};
        struct iovec parts[3];
        size_t total = 0;
        size_t heard = 0;
        int fds[2];

        open_pair(fds);
        output.fd = fds[0];
        for (size_t i = 0; i < 3; i++) {
            parts[i] = (struct iovec){bytes + total, any_below(i + round % 3 ? PART_MAX : 3)};
            total += parts[i].iov_len;
        }
        assert_int_equal(http_output_write(&output, parts, 3), 0);
        while (!http_output_is_empty(&output)) {
            heard += read_some(fds[1], heard, 1 + any_below(5000));
            assert_true(http_output_go_on(&output) >= 0);
        }
        while (heard < total)
            heard += read_some(fds[1], heard, sizeof bytes);
        assert_int_equal(read_some(fds[1], heard, 1), 0);
        http_output_clean(&output);
        close(fds[0]);
        close(fds[1]);
    }
}

/* Nor does it end the process. */
static void a_broken_connection_is_told(void **state)
{
    struct http_output output = {0};
    struct iovec part = {bytes, sizeof bytes};
    int fds[2];

    (void)state;
    open_pair(fds);
    output.fd = fds[0];
    assert_int_equal(http_output_write(&output, &part, 1), 0);
    assert_int_equal(http_output_go_on(&output), 0);
    close(fds[1]);
    assert_int_equal(http_output_go_on(&output), -1);
    assert_int_equal(http_output_write(&output, &part, 1), -1);
    http_output_clean(&output);
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_comes_in_order),
        cmocka_unit_test(a_broken_connection_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
