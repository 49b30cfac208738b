#include "base/log.h"

#include "base/clock.h"
#include "base/log_helper.h"
#include "base/log_writer.h"
#include "base/shown.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLOSE_WAIT_MS 200
#define CLOSE_LOOK_US 5000
#define HELPER_LOOK_NS (CLOCK_NS_PER_S * 5)
#define FIRST_WAIT_NS (CLOCK_NS_PER_S * 60)
#define LONGEST_WAIT_NS (CLOCK_NS_PER_S * 3600 * 24)

static enum log_level log_threshold = LOG_LEVEL_INFO;
static bool log_to_journal = false;
static struct log_writer log_writer = {
    .fd = STDERR_FILENO, .way = LOG_WAY_POLL, .level = "warning: "};
static struct log_helper log_helper = {.parked = {-1, -1}};
static bool log_helped = false;
static int64_t log_next_look_ns = 0; /* at the helper, where nothing is to be written */
static pid_t log_owner = 0;          /* who called log_start */

/* JOURNAL_STREAM is "<device>:<inode>" of the journal's stream, see systemd.exec(5). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char *end = NULL;
    struct stat st;

    if (!stream || fstat(STDERR_FILENO, &st) < 0 || strtoumax(stream, &end, 10) != st.st_dev ||
        *end != ':')
        return false;
    return strtoumax(end + 1, &end, 10) == st.st_ino && *end == '\0';
}

static const char *prefix(enum log_level level)
{
    static const char *const journal[] = {"<3>", "<4>", "<6>", "<7>"};
    static const char *const plain[] = {"error: ", "warning: ", "", "debug: "};

    return log_to_journal ? journal[level] : plain[level];
}

void log_open(enum log_level level)
{
    log_threshold = level;
    log_to_journal = stderr_is_journal();
    log_writer.level = prefix(LOG_LEVEL_WARNING);
}

static bool is_file(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* What closes a file waits for its disk: better now than whenever the agent forks or ends. */
static void let_go_of_files(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO && nothing >= 0; fd++)
        if (is_file(fd) && dup2(nothing, fd) < 0)
            log_write(LOG_LEVEL_WARNING, "log: descriptor %d stays open", fd);
    if (nothing >= 0)
        close(nothing);
}

/* -1: that takes a helper. */
static int open_again(const struct stat *st)
{
    if (!S_ISFIFO(st->st_mode) && !S_ISCHR(st->st_mode))
        return -1;
    return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void log_start(void)
{
    struct stat st = {0};
    int fd = -1;

    log_owner = getpid();
    signal(SIGTTOU, SIG_IGN); /* a terminal may stop those in its background that write to it */
    if (fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode)) {
        log_writer.way = LOG_WAY_SEND;
    } else if ((fd = open_again(&st)) >= 0) {
        log_writer.fd = fd;
        log_writer.way = LOG_WAY_WRITE;
    } else if (log_helper_open(&log_helper, log_writer.level) == 0) {
        log_writer.way = LOG_WAY_SEND;
        log_helped = true;
    } else {
        log_write(LOG_LEVEL_WARNING, "log: stderr may hold up the agent");
    }
    let_go_of_files();
}

/* What was on its way in the helper that died is lost uncounted. */
static void tend_helper(void)
{
    char line[LOG_LINE_BYTES];

    if (!log_helped || log_helper_tend(&log_helper) != 1)
        return;
    int len = snprintf(line, sizeof line, "%slog: its process had died, lines may be lost\n",
                       log_writer.level);
    if (len > 0 && (size_t)len < sizeof line)
        log_writer_put(&log_writer, line, (size_t)len);
}

void log_tend(void)
{
    int64_t now_ns = clock_mono_ns();

    if (now_ns >= log_next_look_ns) {
        log_next_look_ns = now_ns + HELPER_LOOK_NS;
        tend_helper();
    }
    log_writer_catch_up(&log_writer);
}

/* What is owed finds room within `wait_ms`, or never. Gives how much of the time is left. */
static int catch_up_within(int wait_ms)
{
    int64_t end_ns = clock_mono_ns() + wait_ms * CLOCK_NS_PER_MS;

    while (!log_writer_catch_up(&log_writer)) {
        int64_t left_ns = end_ns - clock_mono_ns();

        if (left_ns <= 0)
            return 0;
        usleep(CLOSE_LOOK_US);
    }
    return (int)((end_ns - clock_mono_ns()) / CLOCK_NS_PER_MS);
}

void log_close(void)
{
    if (log_helped)
        log_helper_make_room(&log_helper);
    tend_helper();
    int left_ms = catch_up_within(CLOSE_WAIT_MS);
    if (log_helped)
        log_helper_close(&log_helper, left_ms > 0 ? left_ms : 0);
    log_helped = false;
}

/* Adds `text` to a line of `len` bytes, as much as has room beside the line's end. */
static size_t add_shown(char *line, size_t len, const char *text)
{
    char escaped[sizeof "\\xNN"];

    for (size_t left = strlen(text); left > 0;) {
        size_t whole = shown_bytes(text, left);
        size_t taken = whole > 0 ? whole : 1;
        const char *add = text;

        if (whole == 0) {
            whole = (size_t)snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)*text);
            add = escaped;
        }
        if (len + whole >= LOG_LINE_BYTES)
            break;
        memcpy(line + len, add, whole);
        len += whole;
        text += taken;
        left -= taken;
    }
    return len;
}

static void write_line(enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void write_line(enum log_level level, const char *format, va_list args)
{
    char text[LOG_LINE_BYTES +
              4]; /* longer than what has room, so that no character is cut in two */
    char line[LOG_LINE_BYTES];

    if (level > log_threshold || (log_owner != 0 && getpid() != log_owner))
        return;
    if (vsnprintf(text, sizeof text, format, args) < 0) {
        log_writer.lost++;
        return;
    }
    size_t len = (size_t)snprintf(line, sizeof line, "%s", prefix(level));
    len = add_shown(line, len, text);
    line[len++] = '\n';
    tend_helper();
    log_writer_put(&log_writer, line, len);
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}

void log_complain(struct log_complaint *complaint, enum log_level level, const char *format, ...)
{
    int64_t now_ns = clock_mono_ns();

    if (complaint->wait_ns != 0 && now_ns < complaint->next_ns)
        return;
    complaint->wait_ns = complaint->wait_ns == 0 ? FIRST_WAIT_NS : complaint->wait_ns * 2;
    if (complaint->wait_ns > LONGEST_WAIT_NS)
        complaint->wait_ns = LONGEST_WAIT_NS;
    complaint->next_ns = now_ns + complaint->wait_ns;

    va_list args;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}

void log_relieve(struct log_complaint *complaint, const char *format, ...)
{
    if (complaint->wait_ns == 0)
        return;
    *complaint = (struct log_complaint){0};

    va_list args;
    va_start(args, format);
    write_line(LOG_LEVEL_INFO, format, args);
    va_end(args);
}
