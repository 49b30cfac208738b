/* Lines that find no room are lost and counted; nothing of a line that was begun is. */
#include "base/log_writer.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(struct log_writer *writer, const char *line)
{
    log_writer_put(writer, line, strlen(line));
}

/* Reads all that is there. Gives how much, and the last of it as text. */
static size_t drain(int fd, char last[256])
{
    static char bytes[1 << 16];
    size_t all = 0;
    size_t kept = 0;

    for (ssize_t got = 0; (got = read(fd, bytes, sizeof bytes)) > 0; all += (size_t)got) {
        kept = (size_t)got < 255 ? (size_t)got : 255;
        memcpy(last, bytes + (size_t)got - kept, kept);
    }
    last[kept] = '\0';
    return all;
}

/* Two ends that do not block, the writer's second. */
static void open_pipe(int end[2], enum log_way way)
{
    if (way == LOG_WAY_SEND)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, end), 0);
    else
        assert_int_equal(pipe2(end, O_NONBLOCK), 0);
}

/* A pipe that is asked for room first may block for who writes: that must not come to it. */
static void make_blocking(int fd, enum log_way way)
{
    if (way == LOG_WAY_POLL)
        assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

static void lost_lines_are_counted(void **state)
{
    (void)state;
    for (enum log_way way = LOG_WAY_POLL; way <= LOG_WAY_SEND; way++) {
        struct log_writer writer = {.way = way, .level = "warning: "};
        char last[256];
        int end[2];

        open_pipe(end, way);
        make_blocking(end[1], way);
        writer.fd = end[1];
        alarm(20);
        while (writer.lost == 0)
            put(&writer, "line\n");
        put(&writer, "two\n");
        put(&writer, "three\n");
        assert_int_equal(writer.lost, 3);
        assert_false(log_writer_catch_up(&writer));
        drain(end[0], last);
        put(&writer, "four\n");
        put(&writer, "five\n");
        drain(end[0], last);
        alarm(0);
        assert_string_equal(last, "warning: log: 3 lines were lost\nfour\nfive\n");
        assert_int_equal(writer.lost, 0);
        close(end[0]);
        close(end[1]);
    }
}

static void one_lost_line_is_told_without_another(void **state)
{
    struct log_writer writer = {.fd = -1, .way = LOG_WAY_WRITE, .level = "<4>"};
    char last[256];
    int end[2];

    (void)state;
    open_pipe(end, LOG_WAY_WRITE);
    put(&writer, "lost\n");
    writer.fd = end[1];
    assert_true(log_writer_catch_up(&writer));
    assert_true(log_writer_catch_up(&writer));
    drain(end[0], last);
    assert_string_equal(last, "<4>log: 1 line was lost\n");
    close(end[0]);
    close(end[1]);
}

static void whoever_reads_has_gone(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (enum log_way way = LOG_WAY_POLL; way <= LOG_WAY_SEND; way++) {
        struct log_writer writer = {.way = way, .level = ""};
        int end[2];

        open_pipe(end, way);
        close(end[0]);
        writer.fd = end[1];
        put(&writer, "one\n");
        put(&writer, "two\n");
        assert_int_equal(writer.lost, 2);
        close(end[1]);
    }
}

/* How large a file may become, so that a write finds room for a part only. */
static void limit(rlim_t bytes)
{
    struct rlimit limit = {0};

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_line_that_was_begun_is_ended_first(void **state)
{
    const char *expected = "0123456789\nlog: 2 lines were lost\nlast\n";
    struct log_writer writer = {.way = LOG_WAY_WRITE, .level = ""};
    char text[256] = "";

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    writer.fd = memfd_create("log", 0);
    limit(4);
    put(&writer, "0123456789\n");
    assert_int_equal(writer.lost, 0);
    put(&writer, "lost\n");
    limit(8);
    put(&writer, "lost too\n");
    assert_int_equal(writer.lost, 2);
    assert_int_equal(pread(writer.fd, text, sizeof text - 1, 0), 8);
    limit(20); /* room for the rest, and a part of what tells of the loss */
    assert_false(log_writer_catch_up(&writer));
    limit(RLIM_INFINITY);
    put(&writer, "last\n");
    assert_int_equal(pread(writer.fd, text, sizeof text - 1, 0), strlen(expected));
    assert_string_equal(text, expected);
    close(writer.fd);
}

/* What is longer than any line is cut where its rest cannot be kept. */
static void a_long_message_is_cut(void **state)
{
    struct log_writer writer = {.way = LOG_WAY_WRITE, .level = ""};
    char message[5000];
    char text[8192];

    (void)state;
    memset(message, 'x', sizeof message);
    message[sizeof message - 1] = '\n';
    writer.fd = memfd_create("log", 0);
    limit(10);
    log_writer_put(&writer, message, sizeof message);
    limit(RLIM_INFINITY);
    put(&writer, "next\n");
    ssize_t len = pread(writer.fd, text, sizeof text, 0);
    assert_int_equal(len, 10 + LOG_LINE_BYTES + 5);
    assert_memory_equal(text + len - 7, "x\nnext\n", 7);
    close(writer.fd);
}

static int go[2]; /* the reader begins to read after some interrupts */

static void on_alarm(int number)
{
    static int times = 0;

    (void)number;
    if (++times == 5 && write(go[1], "", 1) < 0)
        _exit(1);
}

/* Only a write that blocks is ever interrupted: it goes on, and the line is whole. */
static void an_interrupted_write_goes_on(void **state)
{
    const struct sigaction interrupt = {.sa_handler = on_alarm};
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct log_writer writer = {.way = LOG_WAY_WRITE, .level = ""};
    int end[2];

    (void)state;
    assert_int_equal(pipe(end), 0);
    assert_int_equal(pipe(go), 0);
    assert_int_equal(fcntl(end[1], F_SETPIPE_SZ, 4096), 4096);
    writer.fd = end[1];
    pid_t reader = fork();
    if (reader == 0) {
        char byte = 0;

        close(end[1]);
        if (read(go[0], &byte, 1) != 1)
            _exit(1);
        while (read(end[0], &byte, 1) > 0)
            continue;
        _exit(0);
    }
    sigaction(SIGALRM, &interrupt, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 2000 && writer.lost == 0; i++)
        put(&writer, "line\n");
    setitimer(ITIMER_REAL, &never, NULL);
    assert_int_equal(writer.lost, 0);
    close(end[0]);
    close(end[1]);
    signal(SIGALRM, SIG_DFL);
    assert_int_equal(waitpid(reader, NULL, 0), reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_lines_are_counted),
        cmocka_unit_test(one_lost_line_is_told_without_another),
        cmocka_unit_test(whoever_reads_has_gone),
        cmocka_unit_test(a_line_that_was_begun_is_ended_first),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(an_interrupted_write_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
