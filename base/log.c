#include "base/log.h"

#include "base/clock.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define FIRST_WAIT_NS (CLOCK_NS_PER_S * 60)
#define LONGEST_WAIT_NS (CLOCK_NS_PER_S * 3600 * 24)

static enum log_level log_threshold = LOG_LEVEL_INFO;
static bool log_to_journal = false;

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

void log_open(enum log_level level)
{
    log_threshold = level;
    log_to_journal = stderr_is_journal();
}

static const char *prefix(enum log_level level)
{
    static const char *const journal[] = {"<3>", "<4>", "<6>", "<7>"};
    static const char *const plain[] = {"error: ", "warning: ", "", "debug: "};

    return log_to_journal ? journal[level] : plain[level];
}

/* Copies `text` so that no byte of it can end the line or move a terminal's cursor. */
static size_t append_clean(char *line, size_t len, const char *text)
{
    for (const char *p = text; *p && len + 5 < LINE_MAX_BYTES; p++) {
        unsigned char c = (unsigned char)*p;

        if (c < 0x20 || c == 0x7f)
            len += (size_t)snprintf(line + len, 5, "\\x%02x", c);
        else
            line[len++] = (char)c;
    }
    return len;
}

static void write_line(enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void write_line(enum log_level level, const char *format, va_list args)
{
    char text[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES];

    if (level > log_threshold || vsnprintf(text, sizeof text, format, args) < 0)
        return;
    size_t len = (size_t)snprintf(line, sizeof line, "%s", prefix(level));
    len = append_clean(line, len, text);
    line[len++] = '\n';
    /* A full pipe or a stopped terminal must not stop the loop; there is nowhere left to say so. */
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT) || write(STDERR_FILENO, line, len) < 0)
        return;
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
