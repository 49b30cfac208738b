/*
 * sink [-d] [-f FILE] [-w LINES] PORT
 *
 * Reads lines as fast as it can, from whoever connects to PORT of 127.0.0.1 (0: any port), or with
 * -d from who listens there, and drops them, or adds them to FILE. Prints its port; then for each
 * line on its stdin what came so far, and ends with its stdin.
 *
 *   connections lines bytes first_ns wanted_ns snapshots late_ns
 *
 * first_ns: when the first byte came (monotonic); wanted_ns: when line LINES was there, else 0.
 * snapshots: how many came that are newer than all before. late_ns: how long after its second such
 * a snapshot came, at most, since this was asked for the last time; where seconds are missing,
 * after the first of those.
 */
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MOST 32
#define TIMESTAMP_LEN 10
#define S_NS INT64_C(1000000000)

static char bytes[1 << 20];

static struct {
    FILE *file;
    int64_t wanted; /* lines */
    int64_t connections, lines, bytes;
    int64_t first_ns, wanted_ns, late_ns;
    int64_t snapshots, newest_s;
} seen;

static void give_up(const char *what)
{
    fprintf(stderr, "sink: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* A listening socket, or one that is connected. */
static int reach(uint16_t port, bool dial)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof address;
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        give_up("socket");
    if (dial) {
        if (connect(fd, (struct sockaddr *)&address, len) < 0)
            give_up("connect");
    } else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
               bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 8) < 0) {
        give_up("listen");
    }
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        give_up("getsockname");
    printf("%u\n", ntohs(address.sin_port));
    return fd;
}

/* By the second that the last whole line among the bytes bears. */
static void note_snapshot(const char *end)
{
    char timestamp[TIMESTAMP_LEN + 1] = "";

    if (end - bytes < TIMESTAMP_LEN)
        return;
    memcpy(timestamp, end - TIMESTAMP_LEN, TIMESTAMP_LEN);
    int64_t second = strtoll(timestamp, NULL, 10);
    if (second <= seen.newest_s)
        return;
    int64_t expected = seen.snapshots++ > 0 ? seen.newest_s + 1 : second;
    int64_t late_ns = clock_wall_ns() - expected * S_NS;
    seen.newest_s = second;
    if (late_ns > seen.late_ns)
        seen.late_ns = late_ns;
}

static void note(size_t len)
{
    const char *end = NULL;

    if (seen.bytes == 0)
        seen.first_ns = clock_mono_ns();
    for (const char *at = bytes; (at = memchr(at, '\n', len - (size_t)(at - bytes))); at++) {
        end = at;
        seen.lines++;
    }
    seen.bytes += (int64_t)len;
    if (seen.wanted > 0 && seen.wanted_ns == 0 && seen.lines >= seen.wanted)
        seen.wanted_ns = clock_mono_ns();
    if (end)
        note_snapshot(end);
    if (seen.file && fwrite(bytes, 1, len, seen.file) != len)
        give_up("write");
}

/* false: the other side has closed. */
static bool take(int fd)
{
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);

    if (got > 0)
        note((size_t)got);
    return got > 0;
}

/* false: nobody will ask any more. */
static bool answer(void)
{
    char line[16];

    if (read(STDIN_FILENO, line, sizeof line) <= 0)
        return false;
    if (seen.file)
        fflush(seen.file);
    printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n",
           seen.connections, seen.lines, seen.bytes, seen.first_ns, seen.wanted_ns, seen.snapshots,
           seen.late_ns);
    seen.late_ns = 0;
    return true;
}

/* Takes in who connects, where there is room. */
static void welcome(struct pollfd *polled, nfds_t *count)
{
    int fd = accept4(polled[1].fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0 || *count == CONNECTIONS_MOST)
        give_up("accept");
    seen.connections++;
    polled[(*count)++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* [0] is stdin, [1] the socket that was made first. */
static void serve(int fd, bool dialed)
{
    struct pollfd polled[CONNECTIONS_MOST] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                              {.fd = fd, .events = POLLIN}};
    nfds_t count = 2;

    while (poll(polled, count, -1) >= 0) {
        for (nfds_t i = dialed ? 1 : 2; i < count; i++) {
            if (polled[i].revents && !take(polled[i].fd)) {
                close(polled[i].fd);
                polled[i] = polled[--count];
                polled[i--].revents = 0;
            }
        }
        if (!dialed && polled[1].revents)
            welcome(polled, &count);
        if (polled[0].revents && !answer())
            return;
    }
}

int main(int argc, char **argv)
{
    bool dial = false;

    for (int option; (option = getopt(argc, argv, "df:w:")) != -1;) {
        if (option == 'd')
            dial = true;
        else if (option == 'f' && !(seen.file = fopen(optarg, "w")))
            give_up(optarg);
        else if (option == 'w')
            seen.wanted = strtoll(optarg, NULL, 10);
        else if (option == '?')
            return 2;
    }
    if (optind != argc - 1) {
        fprintf(stderr, "usage: sink [-d] [-f FILE] [-w LINES] PORT\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    serve(reach((uint16_t)strtoul(argv[optind], NULL, 10), dial), dial);
    return 0;
}
