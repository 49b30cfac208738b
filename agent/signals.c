#include "agent/signals.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

static int change_mask(int how, const int *list, size_t count)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, list[i]);
    return sigprocmask(how, &set, NULL);
}

void signals_hold(void)
{
    const int reload = SIGHUP;

    change_mask(SIG_BLOCK, &reload, 1);
}

void signals_release(void)
{
    const int reload = SIGHUP;

    change_mask(SIG_UNBLOCK, &reload, 1);
}

/* The controlling terminal, see tty(4): one that was hung up is there no more. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* nohup(1) has it ignored for those who are to outlive their terminal. */
static bool outlives_terminal(void)
{
    struct sigaction before = {0};

    return sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
}

int signals_open(struct signals *signals, struct event_base *base,
                 void (*on_signal)(int number, short what, void *arg), void *arg)
{
    change_mask(SIG_BLOCK, numbers, SIGNALS);
    signals->terminal = has_terminal() && !outlives_terminal();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* if it was ignored, helpers would be reaped behind our back */
    for (size_t i = 0; i < SIGNALS; i++) {
        signals->events[i] = evsignal_new(base, numbers[i], on_signal, arg);
        if (!signals->events[i] || event_add(signals->events[i], NULL) < 0)
            return -1;
    }
    return change_mask(SIG_UNBLOCK, numbers,
                       SIGNALS); /* whoever started us may have blocked them */
}

const char *signals_end(const struct signals *signals, int number)
{
    if (number == SIGHUP)
        return signals->terminal && !has_terminal() ? "its terminal was closed" : NULL;
    return number == SIGTERM ? "SIGTERM" : "SIGINT";
}

void signals_close(struct signals *signals)
{
    change_mask(SIG_BLOCK, numbers, SIGNALS);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals->events[i])
            event_free(signals->events[i]);
        signals->events[i] = NULL;
    }
}
