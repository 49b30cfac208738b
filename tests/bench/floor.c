/*
 * floor PORT BYTES MOUNT...
 *
 * What a look at this machine cannot do without, once a second, on descriptors that are kept: each
 * of three files is read by one call, each disk is asked how full it is, and BYTES are sent to PORT
 * of 127.0.0.1. Nothing is parsed, nothing remembered, nothing formatted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { STAT, MEMINFO, LOADAVG, FILES };

static const char *const paths[FILES] = {"/proc/stat", "/proc/meminfo", "/proc/loadavg"};

static char bytes[1 << 20];

static int must(int result, const char *what)
{
    if (result >= 0)
        return result;
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_for_reading(const char *path)
{
    return must(open(path, O_RDONLY | O_CLOEXEC), path);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
    return fd;
}

/* A timer that expires with each second of the wall clock. */
static int each_second(void)
{
    struct itimerspec when = {.it_interval.tv_sec = 1, .it_value.tv_sec = time(NULL) + 1};
    int fd = must(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC), "timerfd_create");

    must(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL), "timerfd_settime");
    return fd;
}

int main(int argc, char **argv)
{
    int files[FILES];
    uint64_t expired = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: floor PORT BYTES MOUNT...\n");
        return 2;
    }
    int server = connect_to((uint16_t)strtoul(argv[1], NULL, 10));
    size_t len = strtoul(argv[2], NULL, 10);
    if (len < 1 || len > sizeof bytes)
        return 2;
    for (int i = 0; i < FILES; i++)
        files[i] = open_for_reading(paths[i]);
    int timer = each_second();
    while (read(timer, &expired, sizeof expired) == sizeof expired && expired == 1) {
        struct statvfs disk;

        for (int i = 0; i < FILES; i++)
            must((int)pread(files[i], bytes, sizeof bytes, 0), paths[i]);
        for (int i = 3; i < argc; i++)
            must(statvfs(argv[i], &disk), argv[i]);
        bytes[len - 1] = '\n';
        must((int)send(server, bytes, len, MSG_NOSIGNAL), "send");
    }
    fprintf(stderr, "floor: a second was missed\n");
    return 1;
}
