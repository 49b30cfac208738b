#include "parachute/keep/desk.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Gives the memory back, so that an idle helper is small. */
static void clear(struct desk_message *room[2])
{
    madvise(room[0], DESK_MESSAGE, MADV_DONTNEED);
    madvise(room[1], DESK_MESSAGE, MADV_DONTNEED);
}

/* 0, also where the agent is gone: what it gave is done all the same. */
static int answer(struct desk_message *message, int64_t number, int error, size_t len)
{
    message->number = number;
    message->error = error;
    if (send(STDIN_FILENO, message, sizeof *message + len, MSG_NOSIGNAL) >= 0)
        return 0;
    return errno == EPIPE || errno == ECONNRESET ? 0 : -1;
}

/* An agent that went with an answer unread may have left a job: the error comes first, once. */
static ssize_t receive(struct desk_message *message)
{
    ssize_t got = -1;

    do
        got = recv(STDIN_FILENO, message, DESK_MESSAGE, 0);
    while (got < 0 && (errno == ECONNRESET || errno == EINTR));
    return got;
}

void desk_serve(void *arg, pid_t agent)
{
    const struct clerk_work *work = arg;
    struct desk_message *room[2];
    size_t len = 0;

    (void)agent;
    for (int i = 0; i < 2; i++) {
        room[i] =
            mmap(NULL, DESK_MESSAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room[i] == MAP_FAILED)
            return;
    }
    int error = work->open(work->arg, room[1]->bytes, &len);
    if (answer(room[1], 0, error, len) < 0 || error != 0)
        return;
    for (;;) {
        clear(room);
        ssize_t got = receive(room[0]);
        if (got < (ssize_t)sizeof *room[0])
            return;
        len = 0;
        error = work->job(work->arg, room[0]->bytes, (size_t)got - sizeof *room[0], room[1]->bytes,
                          &len);
        if (answer(room[1], room[0]->number, error, len) < 0)
            return;
    }
}
