#include "base/log_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool sees_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT);
}

static ssize_t write_once(const struct log_writer *writer, const char *bytes, size_t len)
{
    ssize_t done = -1;

    do {
        if (writer->way == LOG_WAY_SEND)
            done = send(writer->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        else if (writer->way == LOG_WAY_WRITE || sees_room(writer->fd))
            done = write(writer->fd, bytes, len);
        else
            return -1;
    } while (done < 0 && errno == EINTR);
    return done;
}

/* Gives how much was written: less than all where the rest found no room. */
static size_t write_some(const struct log_writer *writer, const char *bytes, size_t len)
{
    size_t written = 0;

    while (written < len) {
        ssize_t done = write_once(writer, bytes + written, len - written);

        if (done <= 0)
            break;
        written += (size_t)done;
    }
    return written;
}

/* False: nothing of it was written. */
static bool begin_line(struct log_writer *writer, const char *line, size_t len)
{
    size_t written = write_some(writer, line, len);

    if (written == 0)
        return false;
    len -= written;
    writer->rest_len = len < sizeof writer->rest ? len : sizeof writer->rest;
    memcpy(writer->rest, line + written, writer->rest_len);
    if (writer->rest_len > 0) /* also where it had to be cut */
        writer->rest[writer->rest_len - 1] = '\n';
    return true;
}

static void end_line(struct log_writer *writer)
{
    size_t written = write_some(writer, writer->rest, writer->rest_len);

    writer->rest_len -= written;
    memmove(writer->rest, writer->rest + written, writer->rest_len);
}

static bool say_lost(struct log_writer *writer)
{
    char line[LOG_LINE_BYTES];
    int len = snprintf(line, sizeof line, "%slog: %" PRIu64 " line%s lost\n", writer->level,
                       writer->lost, writer->lost == 1 ? " was" : "s were");

    if (len < 0 || (size_t)len >= sizeof line || !begin_line(writer, line, (size_t)len))
        return false;
    writer->lost = 0;
    return true;
}

bool log_writer_catch_up(struct log_writer *writer)
{
    if (writer->rest_len > 0)
        end_line(writer);
    if (writer->rest_len > 0 || (writer->lost > 0 && !say_lost(writer)))
        return false;
    return writer->rest_len == 0;
}

void log_writer_put(struct log_writer *writer, const char *line, size_t len)
{
    if (!log_writer_catch_up(writer) || !begin_line(writer, line, len))
        writer->lost++;
}
